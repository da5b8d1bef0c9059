"""The releases of the rehearsed repository and their files on disk. Knows no route; the event loop alone uses it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from simulator.safe_files import new_file
from simulator.twins.github_api.calls import Json

FIRST_RELEASE: Final = 200_000_000  # ids as long as GitHub's, so that nothing takes them for counts
FIRST_ASSET: Final = 300_000_000
_RENAMED: Final = re.compile(r"[^A-Za-z0-9._+@-]+")
_DOTS: Final = re.compile(r"\.{2,}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file of a release; `digest` is `sha256:<hex>`, times are GitHub's text."""

    number: int
    name: str
    label: str
    content_type: str
    size: int
    digest: str
    created: str
    updated: str
    path: Path
    uploader: Json
    downloads: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A release. `created` is the date of its commit; `published` is None for a draft that never was published."""

    number: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    created: str
    updated: str
    published: str | None
    author: Json
    assets: tuple[Asset, ...] = ()

    @property
    def untagged(self) -> str:
        """What stands in the place of the tag in a draft's addresses."""
        return f"untagged-{hashlib.sha256(str(self.number).encode()).hexdigest()[:20]}"


class ReleaseStore:
    """Releases by id. `latest` is the one that was made so, or the newest."""

    def __init__(self, folder: Path, known: Sequence[Mapping[str, Any]]) -> None:
        self._folder = folder
        self._releases = {release.number: release for release in map(_read, known)}
        self._latest: int | None = None
        self._counts = {"release": FIRST_RELEASE, "asset": FIRST_ASSET}

    def next(self, kind: str) -> int:
        """A new id for a `release` or an `asset`."""
        self._counts[kind] += 1
        return self._counts[kind]

    def all(self) -> list[Release]:
        """Every release, the newest first."""
        return sorted(self._releases.values(), key=lambda release: (release.created, release.number), reverse=True)

    def get(self, number: int) -> Release | None:
        """A release by its id."""
        return self._releases.get(number)

    def of_tag(self, tag: str) -> Release | None:
        """The published release of a tag."""
        return next((release for release in self.all() if release.tag == tag and not release.draft), None)

    def of_asset(self, number: int) -> tuple[Release, Asset] | None:
        """A file and the release that it belongs to."""
        found = ((r, a) for r in self._releases.values() for a in r.assets if a.number == number)
        return next(found, None)

    @property
    def latest(self) -> Release | None:
        """The release that GitHub shows as the latest: never a draft or a pre-release."""
        able = [release for release in self.all() if not release.draft and not release.prerelease]
        chosen = (release for release in able if release.number == self._latest)
        return next(chosen, able[0] if able else None)

    def make_latest(self, release: Release) -> None:
        """Make it the latest one from now on."""
        self._latest = release.number

    def put(self, release: Release) -> Release:
        """Keep a release, new or changed."""
        self._releases[release.number] = release
        return release

    def remove(self, release: Release) -> None:
        """Forget a release and its files."""
        self._releases.pop(release.number, None)
        shutil.rmtree(self._folder / str(release.number), ignore_errors=True)

    def remove_asset(self, release: Release, asset: Asset) -> Release:
        """Forget a file."""
        asset.path.unlink(missing_ok=True)
        return self.put(replace(release, assets=tuple(each for each in release.assets if each != asset)))

    async def receive(self, number: int, asset: int, name: str, body: AsyncIterable[bytes]) -> tuple[Path, int, str]:
        """Take a file in: its path, size and digest. Nothing is kept of a body that breaks off."""
        folder = self._folder / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        draft, sha256, size = folder / f".{asset}", hashlib.sha256(), 0
        try:
            with new_file(draft) as file:
                async for chunk in body:
                    sha256.update(chunk)
                    size += file.write(chunk)
            path = draft.replace(folder / f"{asset}-{name}"[:200])
        finally:
            draft.unlink(missing_ok=True)
        return path, size, f"sha256:{sha256.hexdigest()}"


def asset_name(name: str) -> str:
    """The name that GitHub gives an uploaded file: special characters become dots, and none stands at an end.

    A file that begins with a dot is one of the name `default`: `.gitignore` becomes `default.gitignore`.
    """
    plain = _DOTS.sub(".", _RENAMED.sub(".", name)).rstrip(".")
    return f"default{plain}" if plain[:1] in {"", "."} else plain


def _read(known: Mapping[str, Any]) -> Release:
    """A release as a webhook's payload has it."""
    return Release(
        number=int(known["id"]),
        tag=known["tag_name"],
        target=known["target_commitish"],
        name=known["name"],
        body=known["body"],
        draft=known["draft"],
        prerelease=known["prerelease"],
        created=known["created_at"],
        updated=known["created_at"],
        published=known["published_at"],
        author=dict(known["author"]),
    )

"""The inputs of the action, and the files that its patterns mean. Knows no service."""

from __future__ import annotations

import glob
import mimetypes
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.actions.builtin.toolkit import log, step

NEWEST = 3
_ESCAPED = re.compile(r"\\([*?\[\]{}])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The inputs; None is one that was not given."""

    major: int
    token: str
    ref: str
    repository: str
    name: str
    tag: str
    body: str | None
    files: tuple[str, ...]
    folder: str
    overwrite: bool
    draft: bool | None
    prerelease: bool | None
    strict: bool
    target: str | None
    discussion: str | None
    generate: bool
    previous: str | None
    append: bool
    latest: str | None

    @property
    def wanted_tag(self) -> str:
        """The tag of the release, empty when nothing names one."""
        return self.tag or (self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else "")


def read_settings() -> Settings:
    """The inputs, as the action reads them: a flag is true when it is exactly `true`."""
    major = step.major_version(NEWEST)
    tokens = [given("token").strip(), os.environ.get("GITHUB_TOKEN", "").strip()]
    latest = given("make_latest")
    return Settings(
        major=major,
        token=next(filter(None, tokens if major >= NEWEST else tokens[::-1]), ""),
        ref=os.environ.get("GITHUB_REF", ""),
        repository=given("repository") or os.environ.get("GITHUB_REPOSITORY", ""),
        name=given("name"),
        tag=given("tag_name").strip().removeprefix("refs/tags/"),
        body=_body(major),
        files=tuple(split_patterns(given("files"), braces=major > 1)),
        folder=given("working_directory"),
        overwrite=flag("overwrite_files") is not False,
        draft=flag("draft"),
        prerelease=flag("prerelease"),
        strict=flag("fail_on_unmatched_files") is True,
        target=given("target_commitish") or None,
        discussion=given("discussion_category_name") or None,
        generate=flag("generate_release_notes") is True,
        previous=given("previous_tag").strip() or None,
        append=flag("append_body") is True,
        latest=latest if latest in {"true", "false", "legacy"} else None,
    )


def given(name: str) -> str:
    """An input as it was written."""
    return os.environ.get(f"INPUT_{name.upper()}", "")


def flag(name: str) -> bool | None:
    """An input that is true or not; None when it is empty."""
    value = given(name)
    return value == "true" if value else None


def _body(major: int) -> str | None:
    path = given("body_path")
    if path:
        try:
            if text := Path(path).read_text(encoding="utf-8"):
                return text
        except OSError as error:
            if major == 1:
                raise
            code = "ENOENT" if isinstance(error, FileNotFoundError) else "ERR"
            log.info(f"⚠️ Failed to read body_path \"{path}\" ({code}). Falling back to 'body' input.")
    return given("body") or None


def split_patterns(text: str, *, braces: bool) -> Iterator[str]:
    """The patterns of the `files` input: a line each, or separated by commas that stand in no braces."""
    for line in text.splitlines():
        depth, current = 0, ""
        for character in line:
            depth += (character == "{") - (character == "}")
            if character == "," and (depth == 0 or not braces):
                yield from filter(None, [current.strip()])
                current = ""
            else:
                current += character
        yield from filter(None, [current.strip()])


def matching(pattern: str, folder: str) -> list[Path]:
    """The files that a pattern means, hidden ones too, in the order of their names."""
    home = str(Path.home())
    pattern = home if pattern == "~" else home + pattern[1:] if pattern.startswith("~/") else pattern
    found: dict[str, None] = {}
    for choice in _choices(pattern):
        plain = _ESCAPED.sub(r"[\1]", choice)
        for path in sorted(glob.glob(plain, root_dir=folder or None, recursive=True, include_hidden=True)):  # noqa: PTH207
            found.setdefault(str(Path(folder, path)))
    return [Path(path) for path in found if Path(path).is_file()]


def _choices(pattern: str) -> Iterator[str]:
    """What `{a,b}` stands for; the innermost braces first."""
    braces = re.search(r"(?<!\\)\{([^{}]*,[^{}]*)\}", pattern)
    if braces is None:
        yield pattern
        return
    for choice in braces[1].split(","):
        yield from _choices(pattern[: braces.start()] + choice + pattern[braces.end() :])


def mime_type(path: Path) -> str:
    """The content type by the file's name."""
    kind, encoding = mimetypes.guess_type(path.name)
    packed = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
    return packed.get(encoding, "application/octet-stream") if encoding else kind or "application/octet-stream"

"""Which release of the action a workflow names, and what the older ones do in another way.

Source: the tags of pypa/gh-action-pypi-publish and its release notes; releases.json has the commits, and what each
release's twine reads. Only what decides a release is here: the texts of old releases are not.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

Version = tuple[float, ...]
NEWEST: Version = (1, math.inf)
_FROM_REGISTRY: Version = (1, 12)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A release; `attestations` is None for one that knows no such input."""

    kebab_case: bool = False  # whether inputs may be spelt with hyphens
    trusted_publishing: bool = False
    mint: str = "/_/oidc/github/mint-token"
    attestations: bool | None = None
    links: bool = False  # whether it shows where to register a publisher
    in_workspace: bool = False  # whether it writes an action of its own into the workspace
    metadata: str | None = None  # the newest Metadata-Version that its twine knows; None: today's
    by_packaging: bool = False  # whether its twine has packaging read metadata, as today's does
    image: str | None = None  # the image that it runs, None for one that it builds itself
    no_image: bool = False  # whether the registry has no such image
    verbose: bool = False
    print_hash: bool = False


# the releases that changed something, the oldest first
_CHANGES: tuple[tuple[Version, dict[str, object]], ...] = (
    ((1, 7), {"kebab_case": True}),
    ((1, 8), {"trusted_publishing": True}),
    ((1, 8, 12), {"mint": "/_/oidc/mint-token"}),
    ((1, 10), {"attestations": False, "links": True}),
    ((1, 11), {"attestations": True}),
    ((1, 12), {"in_workspace": True}),
    ((1, 12, 4), {"by_packaging": True}),
    ((1, 14), {"verbose": True, "print_hash": True}),
)


def release(ref: str) -> Release:
    """The release that `owner/repo@ref` names: a tag, a branch (the newest of its line) or a known commit."""
    version = _version(ref)
    found = Release()
    for since, changes in _CHANGES:
        if version >= since:
            found = replace(found, **changes)  # type: ignore[arg-type]
    known = [each for each in _table() if _numbers(each["version"]) <= version]
    metadata = known[-1]["metadata"] if known else None
    if version < _FROM_REGISTRY:
        return replace(found, metadata=metadata)
    image = f"ghcr.io/pypa/gh-action-pypi-publish:{ref.replace('/', '-')}"
    return replace(found, metadata=metadata, image=image, no_image=_of_tag_object(ref) is not None)


def instead(ref: str) -> str | None:
    """The release whose commit was meant by the SHA of an annotated tag, which no image is named after, if it is one.

    Before v1.12 the action built its image itself, and any SHA would do.
    """
    found = _of_tag_object(ref)
    return f"v{found['version']}" if found is not None and _numbers(found["version"]) >= _FROM_REGISTRY else None


@functools.cache
def _table() -> Sequence[dict[str, Any]]:
    text = Path(__file__).with_name("releases.json").read_text(encoding="utf-8")
    return cast("Sequence[dict[str, Any]]", json.loads(text)["releases"])


def _of_tag_object(ref: str) -> dict[str, Any] | None:
    return _of_sha(ref, "tag_object")


def _of_sha(ref: str, key: str) -> dict[str, Any] | None:
    if not re.fullmatch(r"[0-9a-f]{40}", ref):
        return None
    return next((each for each in _table() if each[key] and ref.startswith(each[key])), None)


def _numbers(version: str) -> Version:
    return tuple(int(number) for number in version.split("."))


def _version(ref: str) -> Version:
    if ref == "master":  # deleted since; it held what came after v1.5.1
        return (1, 5, 1, math.inf)
    named = re.fullmatch(r"(release/)?v(\d+(?:\.\d+)*)", ref)
    if named is None:
        known = _of_sha(ref, "commit") or _of_tag_object(ref)
        return _numbers(known["version"]) if known is not None else NEWEST
    numbers = _numbers(named[2])
    return numbers if len(numbers) > 2 else (*numbers, math.inf)

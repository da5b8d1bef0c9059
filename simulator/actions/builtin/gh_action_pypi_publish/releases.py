"""Which release of the action a workflow names, and what the older ones do in another way.

Source: the tags of pypa/gh-action-pypi-publish and its release notes. Only what decides a release is here: the texts
of old releases are not, nor is anything else of the twine that they ship.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

Version = tuple[float, ...]
NEWEST: Version = (1, math.inf)


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
    verbose: bool = False
    print_hash: bool = False


# the releases that changed something, the oldest first
_CHANGES: tuple[tuple[Version, dict[str, object]], ...] = (
    ((1, 5, 2), {"metadata": "2.2"}),  # before, its image took the newest twine of the day
    ((1, 7), {"kebab_case": True}),
    ((1, 8), {"trusted_publishing": True}),
    ((1, 8, 12), {"mint": "/_/oidc/mint-token"}),
    ((1, 8, 13), {"metadata": "2.3"}),
    ((1, 10), {"attestations": False, "links": True}),
    ((1, 11), {"attestations": True}),
    ((1, 12), {"in_workspace": True}),
    ((1, 12, 3), {"metadata": None}),
    ((1, 14), {"verbose": True, "print_hash": True}),
)
# commits that workflows pin, by their first 12 digits; one that is not here counts as the newest
_COMMITS: dict[str, Version] = {
    "54b39fb9371c": (1, 4, 1),
    "27b31702a0e7": (1, 4, 2),
    "717ba43cfbb0": (1, 5, 0),
    "37f50c210e3d": (1, 5, 1),
    "d7edd4c95736": (1, 5, 2),
    "d2a2496a01f8": (1, 6, 0),
    "5d1679fa6b89": (1, 6, 1),
    "ce291dce5b39": (1, 6, 2),
    "e71a4a4c1d38": (1, 6, 3),
    "c7f29f7adef1": (1, 6, 4),
    "32b5e9370928": (1, 6, 5),
    "7104b6e981ed": (1, 7, 0),
    "22b4d1f12511": (1, 7, 1),
    "8ef2b3d46c9e": (1, 8, 0),
    "a3a3bafbb3e5": (1, 8, 1),
    "f3ce18f69986": (1, 8, 2),
    "48b317d84d5f": (1, 8, 3),
    "29930c9cf579": (1, 8, 4),
    "0bf742be3ebe": (1, 8, 5),
    "a56da0b891b3": (1, 8, 6),
    "f5622bde02b0": (1, 8, 7),
    "f8c70e705ffc": (1, 8, 8),
    "ade57f54dcc5": (1, 8, 9),
    "b7f401de30cb": (1, 8, 10),
    "2f6f737ca5f7": (1, 8, 11),
    "e53eb8b103ff": (1, 8, 12),
    "741947b9cadc": (1, 8, 13),
    "81e9d935c883": (1, 8, 14),
    "ec4db0b4ddc6": (1, 9, 0),
    "8a08d6168937": (1, 10, 0),
    "0ab0b7947166": (1, 10, 1),
    "897895f1e160": (1, 10, 2),
    "f7600683efdc": (1, 10, 3),
    "fb13cb306901": (1, 11, 0),
    "15c56dba361d": (1, 12, 2),
    "67339c736fd9": (1, 12, 3),
    "76f52bc88423": (1, 12, 4),
    "ed0c53931b1d": (1, 13, 0),
}


def release(ref: str) -> Release:
    """The release that `owner/repo@ref` names: a tag, a branch (the newest of its line) or a known commit."""
    version = _version(ref)
    found = Release()
    for since, changes in _CHANGES:
        if version >= since:
            found = replace(found, **changes)  # type: ignore[arg-type]
    return found


def _version(ref: str) -> Version:
    if ref == "master":  # deleted since; it held what came after v1.5.1
        return (1, 5, math.inf)
    named = re.fullmatch(r"(release/)?v(\d+(?:\.\d+)*)", ref)
    if named is None:
        return _COMMITS.get(ref[:12], NEWEST) if re.fullmatch(r"[0-9a-f]{40}", ref) else NEWEST
    numbers: Version = tuple(int(number) for number in named[2].split("."))
    return numbers if len(numbers) > 2 else (*numbers, math.inf)

"""What git says of pysim's own bare repositories. Knows how to read its answers; knows no event."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simulator.git_command import in_own_repository

LONGEST_LISTING: Final = 64 << 20  # bytes of the names of a commit's files, and of what git says of each


def list_tree(*words: str, repository: Path) -> bytes | None:
    """What `git ls-tree -z` prints; None when it fails, and beyond LONGEST_LISTING: trees in trees may have no end."""
    listed = in_own_repository(repository).read_head(LONGEST_LISTING, "ls-tree", "-z", "--full-tree", *words)
    return None if listed is None or len(listed) == LONGEST_LISTING else listed


def commit_of(name: str, *, repository: Path) -> str | None:
    """The commit that a revision leads to, tags peeled; None when there is none."""
    return object_of(f"{name}^{{commit}}", repository=repository)


def object_of(name: str, *, repository: Path) -> str | None:
    """The object that a revision names, not peeled; None when there is none."""
    words = ("rev-parse", "--quiet", "--verify", "--end-of-options", name)
    return in_own_repository(repository).answer(*words)


def branches(*, repository: Path) -> dict[str, str]:
    """Branch names and the commits at their tips, sorted by name."""
    words = ("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/")
    listing = in_own_repository(repository).answer(*words) or ""
    rows = (line.split(" ", 1) for line in listing.splitlines())
    return {name.removeprefix("refs/heads/"): sha for sha, name in rows}

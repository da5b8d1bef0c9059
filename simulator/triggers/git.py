"""What git says of pysim's own bare repositories. Knows how to read its answers; knows no event."""

from __future__ import annotations

from pathlib import Path

from simulator.git_command import in_own_repository


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

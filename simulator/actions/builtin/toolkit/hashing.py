"""The digest of files that keys of caches are made with, as @actions/glob makes it. Knows no key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from simulator.actions.builtin.toolkit import patterns


def matching(text: str, *, cwd: Path, home: Path) -> list[Path]:
    """The files that the patterns of an input mean, hidden ones too."""
    return patterns.find(patterns.parse(text, cwd=cwd, home=home), hidden=True)


def digest(files: Iterable[Path]) -> str:
    """The SHA-256 of the files' SHA-256, "" for no file."""
    total, found = hashlib.sha256(), False
    for file in files:
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
        found = True
    return total.hexdigest() if found else ""

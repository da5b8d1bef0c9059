"""The files of a repository, wherever they are read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Tree(Protocol):
    """The files of a repository, by paths relative to its root."""

    def paths(self) -> Sequence[str]:
        """All that are kept in it."""
        ...

    def read(self, path: str) -> bytes | None:
        """One of them; None when it is not there. Of a huge file it is the beginning, and longer than LARGEST_FILE."""
        ...

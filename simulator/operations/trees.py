"""The files of what is asked about: those of a commit, or of a folder as they are on disk."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from simulator.rehearsal.tree import Tree
from simulator.safe_files import LARGEST_FILE, read_below
from simulator.triggers.model import Source
from simulator.triggers.repository import is_git_root, list_files, read_file
from simulator.triggers.work_tree import list_worktree

__all__ = ["CommitTree", "FolderTree", "Tree"]

_ASIDE: Final = frozenset({"node_modules", "__pycache__", "build", "dist"})


class CommitTree:
    """The files of the rehearsed commit."""

    def __init__(self, source: Source) -> None:
        self.paths = functools.cache(functools.partial(list_files, source))
        self.read = functools.cache(functools.partial(read_file, source))


class FolderTree:
    """The files of a folder as they are: those that git would keep, where it is asked."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @functools.cache  # noqa: B019 - one tree an operation
    def paths(self) -> Sequence[str]:
        """All but what is made of others."""
        return list_worktree(self._root) if is_git_root(self._root) else tuple(sorted(self._walk()))

    def read(self, path: str) -> bytes | None:
        """One of them, as `read_file` of a commit has it; None when it is not there. Raises OSError."""
        return read_below(self._root, path, LARGEST_FILE + 1)

    def _walk(self) -> Iterator[str]:
        for folder, names, files in os.walk(self._root):
            here = Path(folder)
            names[:] = [
                name
                for name in names
                if not (name.startswith(".") and name != ".github")
                and name not in _ASIDE
                and not (here / name / "pyvenv.cfg").exists()
            ]
            yield from ((here / name).relative_to(self._root).as_posix() for name in files)

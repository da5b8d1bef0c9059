"""The files of a work tree as they are, beside its commit: what differs, and what git keeps. Writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simulator.errors import UsageError
from simulator.git_command import GitCommand
from simulator.triggers.bare_copy import temporary_copy, work_tree_of
from simulator.triggers.git_folder import GitFolder

_DEEPEST: Final = 5  # submodules in submodules
_STATUS: Final = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal")


def changed_paths(folder: GitFolder, clone: Path, depth: int = 0) -> list[tuple[str, str]]:
    """Paths that differ from the commit at HEAD, and git's two letters for how; a new folder is one path.

    `clone` is a bare copy of the repository. A submodule is looked at in a copy of its own: git, asked to look into
    one, runs in it under the configuration that came with it.
    """
    with work_tree_of(folder, clone) as git:
        done = git.run(*_STATUS, "--ignore-submodules=dirty")
        links = gitlinks(git)
    entries = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    changed = [(entry[:2], entry[3:]) for entry in entries if entry]
    known = {path for _, path in changed}
    inside = [path for path in links if path not in known and _is_changed_inside(folder.root, path, depth)]
    return [*changed, *((" M", path) for path in inside)]


def gitlinks(git: GitCommand) -> list[str]:
    """The paths of the submodules in an index."""
    rows = git.run("ls-files", "--stage", "-z").stdout.split(b"\0")
    return [row.partition(b"\t")[2].decode("utf-8", "surrogateescape") for row in rows if row.startswith(b"160000 ")]


def is_below(root: Path, path: str) -> bool:
    """Whether a path of an index leads to where it says, and not through a symbolic link."""
    return (root / path).resolve() == root.resolve() / path


def _is_changed_inside(root: Path, path: str, depth: int) -> bool:
    if depth >= _DEEPEST or not is_below(root, path) or not (root / path / ".git").exists():
        return False
    try:
        with temporary_copy(root / path, objects=True) as (folder, clone):
            return bool(changed_paths(folder, clone, depth + 1))
    except UsageError:
        return False  # one that is not to be read is at the commit that it is at


def list_worktree(root: Path) -> tuple[str, ...]:
    """The paths of the files of a work tree that are kept in git, or would be with `git add`. Raises UsageError."""
    return _listed(root, "--cached", "--others", "--exclude-standard")


def list_tracked(root: Path, below: str, *, any_case: bool = False) -> tuple[str, ...]:
    """The paths of the files of a work tree, in a folder of it, that are kept in git. Raises UsageError.

    With `any_case` the folder's name counts in capitals, too: some file systems take them for the same.
    """
    return _listed(root, "--cached", "--", f":(literal{',icase' if any_case else ''}){below}")


def _listed(root: Path, *words: str) -> tuple[str, ...]:
    sparse = GitFolder.of(root).settings.get("index.sparse", "false").lower() not in {"false", "no", "off", "0"}
    with temporary_copy(root, objects=sparse) as (folder, clone), work_tree_of(folder, clone) as git:
        done = git.run("ls-files", "-z", *words)
    return tuple(sorted(set(done.stdout.decode("utf-8", "surrogateescape").split("\0")) - {""}))

"""What pysim keeps in a repository, once it is known to be pysim's own; the one way to `.pysim/` for operations."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import UsageError
from simulator.paths import StateFolder
from simulator.triggers.git_folder import work_tree_around
from simulator.triggers.work_tree import list_tracked


def kept_state(root: Path) -> StateFolder:
    """The state of the repository at `root`, which need not be there.

    Raises UsageError where git tracks something of it, where it has not the mark of what pysim made for this user, and
    where something in it leads elsewhere.
    """
    state = untracked_state(root)
    state.require_own()
    return state


def untracked_state(root: Path) -> StateFolder:
    """The same, but for the mark: for somebody who takes it over. Raises UsageError where git tracks any of it."""
    state = StateFolder(root)
    for first in _tracked(state):
        raise UsageError(
            f"Git tracks {first!r}: what came with the repository in {state.path.name}/ is none of pysim's.",
            hint=f"Take it out of git and off the disk: git rm -rf {state.path.name}; where the files are your own, "
            f"git rm -r --cached {state.path.name} leaves them there.",
        )
    return state


def _tracked(state: StateFolder) -> tuple[str, ...]:
    around = work_tree_around(state.path)
    if around is None:
        return ()
    below = state.root.resolve().relative_to(around.resolve()) / state.path.name
    return list_tracked(around, below.as_posix(), any_case=True)

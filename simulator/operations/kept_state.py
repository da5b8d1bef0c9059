"""What pysim keeps in a repository, once it is known to be pysim's own; the one way to `.pysim/` for operations."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import UsageError
from simulator.paths import StateFolder
from simulator.triggers.git import git


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
    listed = git("ls-files", "-z", "--", f":(icase){state.path.name}", cwd=root, check=False)
    if listed.code == 0 and listed.stdout:
        first = listed.stdout.split(b"\0", 1)[0].decode(errors="replace")
        raise UsageError(
            f"Git tracks {first!r}: what came with the repository in {state.path.name}/ is none of pysim's.",
            hint=f"Take it out of git and off the disk: git rm -rf {state.path.name}; where the files are your own, "
            f"git rm -r --cached {state.path.name} leaves them there.",
        )
    return state

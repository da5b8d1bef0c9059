"""How the scripts of built-in actions get into a sandbox and are started there. Pure; knows no engine.

A sandbox gets the whole folder of built-in actions once; they share a toolkit that lies beside them.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from simulator.actions.builtin.registry import FOLDER, PREPARED
from simulator.actions.model import Reference, RepositoryReference, ResolvedAction
from simulator.actions.refs import version_of

BUILTIN_FOLDER: Path = FOLDER


def builtin_folder(actions: PurePosixPath) -> PurePosixPath:
    """Where `BUILTIN_FOLDER` goes in a sandbox whose actions lie in `actions`."""
    return actions / "_pysim"


def action_folder(action: ResolvedAction, actions: PurePosixPath) -> PurePosixPath:
    """Where a built-in action then lies: its GITHUB_ACTION_PATH."""
    return builtin_folder(actions) / action.folder.name


def script_argv(
    action: ResolvedAction, script: str, *, python: PurePosixPath, actions: PurePosixPath
) -> tuple[str, ...]:
    """The command that runs a script (`runs.main`, `runs.post`) of a built-in action, as the version that is used."""
    return *_launch(f"{action.folder.name}/{script}", python, actions), _version(action.reference)


def preparation_argv(
    at: RepositoryReference, *, python: PurePosixPath, actions: PurePosixPath
) -> tuple[str, ...] | None:
    """The command that makes a sandbox what an action's own code takes for granted on a hosted runner, if any."""
    script = PREPARED.get(f"{at.owner}/{at.repo}".lower())
    return None if script is None else _launch(script, python, actions)


def _version(reference: Reference) -> str:
    """The ref that is written; of a commit the version that it is known as."""
    if not isinstance(reference, RepositoryReference):
        return ""
    return version_of(f"{reference.owner}/{reference.repo}".lower(), reference.ref)


def _launch(script: str, python: PurePosixPath, actions: PurePosixPath) -> tuple[str, ...]:
    return str(python), "-I", "-X", "utf8", str(builtin_folder(actions) / "launch.py"), script

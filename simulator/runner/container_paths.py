"""Where the folders of a job lie for what runs in a container: the paths of GitHub's runner, and their translation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from simulator.engines.base import LAYOUT
from simulator.runner.state import COMMAND_FILES

HOME: Final = LAYOUT.temp / "_github_home"
WORKFLOW: Final = LAYOUT.temp / "_github_workflow"
ACTION_HOME: Final = PurePosixPath("/github/home")
ACTION_WORKSPACE: Final = PurePosixPath("/github/workspace")

ContainerPaths = Mapping[PurePosixPath, PurePosixPath]  # a path in the container -> the folder of the sandbox


def action_paths(workspace: PurePosixPath) -> ContainerPaths:
    """The folders that a Docker action gets (actions/runner, ContainerActionHandler)."""
    return {
        PurePosixPath("/github/runner_temp"): LAYOUT.temp,
        ACTION_HOME: HOME,
        PurePosixPath("/github/workflow"): WORKFLOW,
        PurePosixPath("/github/file_commands"): COMMAND_FILES,
        ACTION_WORKSPACE: workspace,
    }


def translate(value: str, paths: ContainerPaths) -> str:
    """A value for a process in the container: a path of the sandbox that it is, or begins with, is translated.

    The innermost folder counts.
    """
    for path, folder in sorted(paths.items(), key=lambda pair: -len(pair[1].parts)):
        if value == str(folder) or value.startswith(f"{folder}/"):
            return f"{path}{value[len(str(folder)) :]}"
    return value

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

Places = Mapping[PurePosixPath, PurePosixPath]  # a place in the container -> the folder of the sandbox


def action_places(workspace: PurePosixPath) -> Places:
    """The folders that a Docker action gets (actions/runner, ContainerActionHandler)."""
    return {
        PurePosixPath("/github/runner_temp"): LAYOUT.temp,
        ACTION_HOME: HOME,
        PurePosixPath("/github/workflow"): WORKFLOW,
        PurePosixPath("/github/file_commands"): COMMAND_FILES,
        ACTION_WORKSPACE: workspace,
    }


def translate(value: str, places: Places) -> str:
    """A value for a process in the container: one that is a path of the sandbox, or begins with one, is put in place.

    The innermost folder counts.
    """
    for place, folder in sorted(places.items(), key=lambda pair: -len(pair[1].parts)):
        if value == str(folder) or value.startswith(f"{folder}/"):
            return f"{place}{value[len(str(folder)) :]}"
    return value

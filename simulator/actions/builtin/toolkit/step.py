"""The step as GitHub hands it to an action: inputs, outputs, state, environment files, and how it ends.

Source of the conventions: actions/runner and @actions/core. Knows no action and no service.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from simulator.actions.builtin.toolkit import log

TRUE = {"true", "True", "TRUE"}
FALSE = {"false", "False", "FALSE"}


class ActionError(Exception):
    """What ends the step: its text becomes the error annotation. An empty text was said already."""


def run(main: Callable[[], None]) -> NoReturn:
    """Run an action's program and end the process: 0, or 1 with one error annotation."""
    try:
        main()
    except (ActionError, OSError, ValueError, subprocess.SubprocessError) as failure:  # of requests too: OSErrors
        if str(failure):
            log.error(str(failure))
        sys.exit(1)
    sys.exit(0)


def variable(name: str) -> str:
    """An environment variable that the runner always sets. Raises ActionError when it is missing or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise ActionError(f"Unable to get the {name} env variable")
    return value


def text_input(name: str, *, required: bool = False) -> str:
    """An input without surrounding white space, "" when not given."""
    value = os.environ.get("INPUT_" + name.replace(" ", "_").upper(), "").strip()
    if required and not value:
        raise ActionError(f"Input required and not supplied: {name}")
    return value


def lines_input(name: str) -> list[str]:
    """The lines of an input that are not blank."""
    return [line.strip() for line in text_input(name).splitlines() if line.strip()]


def flag_input(name: str, *, default: bool | None = None) -> bool:
    """An input of YAML 1.2 core schema's boolean type; anything else is an error, as in @actions/core."""
    value = text_input(name)
    if not value and default is not None:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ActionError(
        f'Input does not meet YAML 1.2 "Core Schema" specification: {name}\n'
        "Support boolean input list: `true | True | TRUE | false | False | FALSE`"
    )


def loose_flag_input(name: str, *, default: bool) -> bool:
    """An input that counts as true only when it spells "true" in any case."""
    value = text_input(name)
    return value.upper() == "TRUE" if value else default


def set_output(name: str, value: str) -> None:
    """Set an output of the step."""
    _append("GITHUB_OUTPUT", _assignment(name, value))


def save_state(name: str, value: str) -> None:
    """Keep a value for the action's post script."""
    _append("GITHUB_STATE", _assignment(name, value))


def state(name: str) -> str:
    """A value that an earlier script of the same step kept, "" when none did."""
    return os.environ.get(f"STATE_{name}", "")


def export_variable(name: str, value: str) -> None:
    """Set an environment variable for this process and all later steps."""
    os.environ[name] = value
    _append("GITHUB_ENV", _assignment(name, value))


def add_path(folder: str) -> None:
    """Put a folder in front of PATH, for this process and all later steps."""
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
    _append("GITHUB_PATH", f"{folder}\n")


def add_summary(markdown: str) -> None:
    """Add to the step's summary."""
    _append("GITHUB_STEP_SUMMARY", f"{markdown}\n")


def major_version(newest: int) -> int:
    """The major version that the workflow pinned; a branch, or a commit that is not known, counts as the newest one."""
    pinned = re.match(r"v(\d+)(\.|$)", os.environ.get("PYSIM_ACTION_VERSION", ""))
    return int(pinned[1]) if pinned else newest


def event_value(*names: str) -> object:
    """A part of the payload of the event, by the names that lead to it; None where there is none."""
    try:
        value = json.loads(Path(os.environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
        for name in names:
            value = value[name]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return value


def _assignment(name: str, value: str) -> str:
    delimiter = f"ghadelimiter_{uuid.uuid4()}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(command_file: str, text: str) -> None:
    with Path(variable(command_file)).open("a", encoding="utf-8") as stream:
        stream.write(text)

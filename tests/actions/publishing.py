"""gh-action-pypi-publish twice: the built-in one, and its repository's programs, run as in its container.

What they tell can be compared: `story` leaves out what differs by chance (folders, ports, colours, the order of files,
the lines of tracebacks).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.actions.clones import real_action
from tests.actions.driving import Driver, Outcome

ACTION = "pypa/gh-action-pypi-publish"
NEWEST = "v1.14.2"
OLD = "v1.8.14"
ALIASED = ("repository-url", "packages-dir", "verify-metadata", "skip-existing", "print-hash")


def run_builtin(driver: Driver, inputs: Mapping[str, str], env: Mapping[str, str], ref: str = NEWEST) -> Outcome:
    return driver.run(f"{ACTION}@{ref}", inputs, env)


def run_real(driver: Driver, inputs: Mapping[str, str], env: Mapping[str, str], ref: str = NEWEST) -> Outcome:
    """Run the entry point of the action's image, with this machine's paths in the place of the image's."""
    app = driver.root / "app"
    if not app.exists():
        real_action(ACTION, ref, app)
        _move_in(app)
    declared = yaml.safe_load((app / "action.yml").read_text())["inputs"]
    default = {name: str(each.get("default", "")) for name, each in declared.items()}
    plain = [name for name in ("user", "password", "verbose", "attestations") if name in default]
    values = {name: inputs.get(name, default[name]) for name in plain}
    for name in ALIASED:
        alias = name.replace("-", "_")
        values[name] = inputs.get(name) or inputs.get(alias) or default[alias]
    variables = {f"INPUT_{name.upper()}": value for name, value in values.items()}
    image = {"DEBUG": "", "PYTHONUNBUFFERED": "1", "PYTHONPATH": driver.base.get("PYTHONPATH", "")}
    return driver.program(["bash", str(app / "twine-upload.sh")], {**image, **variables, **env})


def _move_in(app: Path) -> None:
    programs = app / "bin"
    programs.mkdir()
    for name, command in {"python": "", "twine": "-m twine "}.items():
        (programs / name).write_text(f'#!/bin/bash\nexec {sys.executable} {command}"$@"\n')
        (programs / name).chmod(0o755)
    script = app / "twine-upload.sh"
    text = script.read_text().replace("/app/", f"{app}/").replace('HOME="/root"', f'HOME="{app}"')
    text = text.replace('PATH="/usr/bin:', f'PATH="{programs}:').replace(". /etc/profile", ":")
    script.write_text(text)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a step told and how it ended."""

    code: int
    log: Sequence[str]
    summary: str


def story(done: Outcome, driver: Driver) -> Story:
    lines = [_neutral(line, driver) for line in done.lines]
    lines = [line for line in _with_short_tracebacks(lines) if not line.startswith("::notice::pysim")]
    return Story(code=done.code, log=_with_sorted_hashes(lines), summary=_neutral(done.summary, driver))


def _neutral(text: str, driver: Driver) -> str:
    text = text.replace(str(driver.workspace), "/github/workspace")
    text = re.sub(r"(localhost:)\d+", r"\1port", text, flags=re.IGNORECASE)
    text = re.sub(r"port=\d+", "port=port", text)
    text = re.sub(r"pypi-[\w-]{40,}|0x[0-9a-f]{6,}", "(by chance)", text)
    return text.replace("%3A", ":").replace("%25", "%")


def _with_short_tracebacks(lines: Sequence[str]) -> list[str]:
    """Each traceback as one line, that of its last exception."""
    short: list[str] = []
    inside = False
    for line in lines:
        if line.startswith(("Traceback (most recent call last)", "During handling of", "The above exception was")):
            inside = True
        elif inside and line and not line.startswith(" "):
            if short and short[-1].startswith("Traceback: "):
                short.pop()
            short.append(f"Traceback: {line}")
            inside = False
        elif not inside and (line or not (short and short[-1].startswith("Traceback: "))):
            short.append(line)
    return short


def _with_sorted_hashes(lines: Sequence[str]) -> list[str]:
    """The files of the hash table in order: the real action has them as the file system does."""
    start = next((at + 1 for at, line in enumerate(lines) if line.startswith("Showing hash values")), None)
    if start is None:
        return list(lines)
    end = start
    while end + 5 < len(lines) and lines[end + 2].startswith("SHA256: "):
        end += 6
    blocks = sorted(list(lines[at : at + 6]) for at in range(start, end, 6))
    return [*lines[:start], *(line for block in blocks for line in block), *lines[end:]]

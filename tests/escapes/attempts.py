"""Attempts to get out of a sandbox, as files: what is tried, on which engines, and the answer that it must get.

`expect` is "refused" where the attempt has to fail, and "contained" where it may run and reach nothing. `says` and
`never` are regular expressions of what its output must and must not hold. What is tried is a `script` for bash, code of
`python`, or a `request` of the Docker API with its `body`; words like @PORT@ in it are those of the world (`world.py`).
`needs` is a program of this machine without which it cannot be tried.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from simulator.engines.base import LAYOUT, Sandbox
from tests.engines.driving import run
from tests.engines.job_docker import ASK

FOLDER: Final = Path(__file__).parent / "attempts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One file; see the module."""

    name: str
    engines: Sequence[str]
    expect: Literal["refused", "contained"]
    needs: str = ""
    script: str = ""
    python: str = ""
    request: str = ""
    body: Mapping[str, Any] | None = None
    says: Sequence[str] = ()
    never: Sequence[str] = ()

    def argv(self, world: Mapping[str, str]) -> Sequence[str]:
        """The command that a step runs."""
        if self.script:
            return "bash", "-c", _filled(self.script, world)
        if self.python:
            return str(LAYOUT.python), "-c", _filled(self.python, world)
        method, _, path = _filled(self.request, world).partition(" ")
        body = "" if self.body is None else _filled(json.dumps(self.body), world)
        return str(LAYOUT.python), "-c", ASK, method, path, body

    def make(self, sandbox: Sandbox, world: Mapping[str, str]) -> str:
        """Make the attempt and hold it to its answer; gives its output."""
        if self.needs and shutil.which(self.needs) is None:
            pytest.skip(f"there is no {self.needs} command")
        done, lines = run(sandbox, *self.argv(world), timeout=30)
        text = "\n".join(lines)
        assert done.reason == "exited", text
        refused = json.loads(lines[-1])[0] in {400, 403, 404} if self.request else not done.ok
        assert refused is (self.expect == "refused"), text
        for pattern in self.says:
            assert re.search(_filled(pattern, world), text), text
        for pattern in self.never:
            assert not re.search(_filled(pattern, world), text), text
        return text


def attempts(engine: str) -> Sequence[Attempt]:
    """Those of an engine, by name."""
    found = (
        Attempt(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.toml"))
    )
    return [attempt for attempt in found if engine in attempt.engines]


def _filled(text: str, world: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z]+)@", lambda match: world[match[1]], text)

"""Attempts to get out of a sandbox, as files: what is tried, on which engines, and the answer that it must get.

`expect` is "refused" where the attempt has to fail, and "contained" where it may run and reach nothing. `says` and
`never` are regular expressions of what its output must and must not hold. What is tried is a `script` for bash, code of
`python`, a `request` of the Docker API with its `body`, a `dockerfile` that the job and pysim have built, or what is
`sent` to the gateway (`inside_say.py`); words like @PORT@ in it are those of the world (`world.py`). `leaves` are the
requests that the machine's proxy gets meanwhile. `needs` is a program of this machine without which it cannot be tried,
and an `offline` one is made in a sandbox that is.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from simulator.engines.base import LAYOUT, ContainerError, Sandbox
from tests.engines.driving import run
from tests.engines.job_docker import ASK

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "attempts"
SAY: Final = LAYOUT.home / "say/inside_say.py"
_BUILT: Final = LAYOUT.work / "built"
_BUILD: Final = (
    'tar -C "$1" -c . | curl -sS --fail-with-body --unix-socket /var/run/docker.sock'
    " -H 'Content-Type: application/x-tar' --data-binary @- http://d/build"
)


def install(sandbox: Sandbox) -> None:
    """Put the programs of attempts into a sandbox."""
    for path in (HERE / SAY.name, HERE.parent / "twins/connections.py"):
        sandbox.write(SAY.parent / path.name, path.read_bytes())


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
    dockerfile: str = ""
    sent: Mapping[str, Any] | None = None
    offline: bool = False
    leaves: Sequence[str] = ()
    says: Sequence[str] = ()
    never: Sequence[str] = ()

    @property
    def places(self) -> Sequence[bool]:
        """Whether the sandboxes are offline in which it is made; what the daemon must not build is tried in both."""
        if self.offline:
            return (True,)
        return (False, True) if self.dockerfile and self.expect == "refused" else (False,)

    def argv(self, world: Mapping[str, str]) -> Sequence[str]:
        """The command that a step runs."""
        if self.script:
            return "bash", "-c", _filled(self.script, world)
        if self.python:
            return str(LAYOUT.python), "-c", _filled(self.python, world)
        if self.sent is not None:
            return str(LAYOUT.python), str(SAY), _filled(json.dumps(self.sent), world)
        if self.dockerfile:
            return "bash", "-c", _BUILD, "", str(_BUILT)
        method, _, path = _filled(self.request, world).partition(" ")
        body = "" if self.body is None else _filled(json.dumps(self.body), world)
        return str(LAYOUT.python), "-c", ASK, method, path, body

    def make(self, sandbox: Sandbox, world: Mapping[str, str]) -> str:
        """Make the attempt and hold it to its answer; gives its output."""
        if self.needs and shutil.which(self.needs) is None:
            pytest.skip(f"there is no {self.needs} command")
        if self.dockerfile:
            sandbox.write(_BUILT / "Dockerfile", _filled(self.dockerfile, world).encode())
        done, lines = run(sandbox, *self.argv(world), timeout=120)
        text = "\n".join(lines)
        assert done.reason == "exited", text
        refused = json.loads(lines[-1])[0] in {400, 403, 404} if self.request else not done.ok
        assert refused is (self.expect == "refused"), text
        if self.dockerfile:
            text += self._by_pysim(sandbox)
        for pattern in self.says:
            assert re.search(_filled(pattern, world), text), text
        for pattern in self.never:
            assert not re.search(_filled(pattern, world), text), text
        return text

    def _by_pysim(self, sandbox: Sandbox) -> str:
        """Have the recipe built as an action's is; what was said of it."""
        with contextlib.nullcontext() if self.expect == "contained" else pytest.raises(ContainerError) as refused:
            sandbox.containers.build(_BUILT, "Dockerfile", name="the attempt", on_line=lambda _: None)
        return "" if refused is None else f"\n{refused.value}"


def attempts(engine: str) -> Sequence[Attempt]:
    """Those of an engine, by name."""
    found = (
        Attempt(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.toml"))
    )
    return [attempt for attempt in found if engine in attempt.engines]


def _filled(text: str, world: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z]+)@", lambda match: world[match[1]], text)

"""The language of `machine` as programs for real shells, in sandboxes of real engines where a minute takes a second."""

from __future__ import annotations

import contextlib
import socket
import textwrap
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from simulator.engines.base import (
    LAYOUT,
    Command,
    Containers,
    Engine,
    EngineName,
    Exit,
    LineSink,
    ProgressSink,
    Sandbox,
    SandboxSpec,
)
from tests.runner.driving import CANCEL, WORKSPACE

SECONDS: Final = 60  # that pass in one
BIN: Final = LAYOUT.home / "language"
_FILE: Final = 'printf \'%b\\n\' "$*" >> "$GITHUB_{}"'
_ADD: Final = """file="$GITHUB_WORKSPACE/$1"
mkdir -p "${file%/*}"
printf '#!/bin/bash\\n%s\\n' "$2" > "$file"
chmod +x "$file"
"""
_SHORT: Final = "s#/[^ ]*/([a-z]+) #\\1 #; s#/[^ ]*_temp/[0-9a-f-]{36}#{0}#; s/ $//"
PROGRAMS: Final = {
    "add": _ADD,
    "argv": f"tr '\\0' ' ' < /proc/$PPID/cmdline | sed -E '{_SHORT}'; echo",
    "cancel": f"echo {CANCEL}; sleep 0.5",
    "folder": "pwd",
    "say": 'echo "$*"',
    "show": 'for name; do printenv "$name" | sed "s/^/$name=/" | grep . || echo "$name is not set"; done',
    "take": 'sleep "$1"',
    **{name: _FILE.format(name.upper()) for name in ("env", "output", "path", "state", "step_summary")},
}


def javascript(text: str) -> str:
    """A script of the language as a program for node."""
    return f"process.exit(require('child_process').spawnSync('bash', ['-ec', {text!r}], {{stdio: 'inherit'}}).status)\n"


class Clock:
    """A time that passes fast."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self) -> float:
        return 1_700_000_000 + (time.monotonic() - self._began) * SECONDS


@dataclass(frozen=True, kw_only=True)
class FastEngine:
    """A real engine whose sandboxes have the language, the files of a workspace, and limits in fast time."""

    engine: Engine
    files: Mapping[PurePosixPath, str] = field(default_factory=dict)

    @property
    def name(self) -> EngineName:
        return self.engine.name

    def lacks(self, programs: Collection[str], *, fetch: bool) -> Collection[str]:
        return self.engine.lacks(programs, fetch=fetch)

    def no_node(self, progress: ProgressSink) -> str | None:
        return self.engine.no_node(progress)

    @property
    def no_containers(self) -> str | None:
        return self.engine.no_containers

    @property
    def image(self) -> str:
        return self.engine.image

    def check(self) -> str:
        return self.engine.check()

    def prepare(self, progress: ProgressSink) -> None:
        self.engine.prepare(progress)

    def open(self, spec: SandboxSpec) -> Sandbox:
        return FastSandbox(self.engine.open(spec), self.files)

    def clean(self, run_id: str | None = None) -> Sequence[str]:
        return self.engine.clean(run_id)

    def remove_images(self) -> Sequence[str]:
        return ()


class FastSandbox:
    """See `FastEngine`."""

    def __init__(self, inner: Sandbox, files: Mapping[PurePosixPath, str]) -> None:
        self._inner = inner
        self._files = files

    @property
    def environment(self) -> Mapping[str, str]:
        own = self._inner.environment
        return {**own, "PATH": f"{BIN}:{own['PATH']}"}

    @property
    def containers(self) -> Containers:
        return self._inner.containers

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        limit = command.timeout
        return self._inner.run(replace(command, timeout=None if limit is None else limit / SECONDS), on_line, stop)

    def read(self, path: PurePosixPath) -> bytes:
        return self._inner.read(path)

    def write(self, path: PurePosixPath, content: bytes, *, mode: int = 0o644) -> None:
        self._inner.write(path, content, mode=mode)

    def copy_in(self, source: Path, target: PurePosixPath) -> None:
        self._inner.copy_in(source, target)

    def which(self, program: str, path: str) -> str | None:
        return self._inner.which(program, path)

    def cancel(self, stop: threading.Event | None = None) -> None:
        self._inner.cancel(stop)

    def end_orphans(self, variable: str) -> Sequence[tuple[int, str]]:
        return self._inner.end_orphans(variable)

    def __enter__(self) -> Self:
        self._inner.__enter__()
        for name, script in PROGRAMS.items():
            self.write(BIN / name, f"#!/bin/bash\n{script}\n".encode(), mode=0o755)
        for path, content in self._files.items():
            self.write(path, content.encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, trace)


def in_workspace(files: Mapping[str, str]) -> dict[PurePosixPath, str]:
    """The files of a workspace by their path in a sandbox, scripts for node translated."""
    return {WORKSPACE / name: textwrap.dedent(text) for name, text in translated(files).items()}


def translated(files: Mapping[str, str]) -> dict[str, str]:
    """Files with the scripts for node as such."""
    return {name: javascript(text) if name.endswith(".js") else text for name, text in files.items()}


@contextlib.contextmanager
def nowhere(folder: Path) -> Iterator[Path]:
    """A gateway that nobody answers behind."""
    path = folder / "gateway.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        yield path

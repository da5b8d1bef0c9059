"""An engine for tests of those who use one: runs nothing, keeps files in memory, and polices the contract.

Its sandboxes refuse what a real one would refuse or silently take wrong. What commands do is told by a function.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from simulator.engines.base import (
    LAYOUT,
    MOST_READ,
    Command,
    Containers,
    EngineName,
    Exit,
    LineSink,
    ProgressSink,
    SandboxSpec,
)
from simulator.engines.environment import process_environment
from simulator.errors import EngineError
from tests.engines.fake_containers import ContainerAnswer, FakeContainers

Answer = Callable[[Command, LineSink], Exit]
_FOLDERS: Final = (LAYOUT.home, LAYOUT.work, LAYOUT.temp, LAYOUT.actions, LAYOUT.tool_cache, LAYOUT.externals)
_PROGRAMS: Final = ("bash", "sh", "python", "python3", "git", "node", "env", "echo", "true", "false", "sleep", "pwd")


class FakeEngine:
    """Opens `FakeSandbox`es and keeps them in `sandboxes`.

    `answer` is called for each command, in the caller's thread, and says how it ended; without one, a few programs
    (echo, env, pwd, true, false, sleep, cat, mkdir) do what their names say and the others are not found.
    `containers` answers for further containers; without it there are none.
    """

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        name: EngineName = "local",
        programs: Iterable[str] = _PROGRAMS,
        containers: ContainerAnswer | None = None,
    ) -> None:
        self.sandboxes: list[FakeSandbox] = []
        self.prepared = 0
        self._answer = answer
        self._name: EngineName = name
        self._programs = frozenset(programs)
        self._containers = containers

    def lacks(self, programs: Collection[str], *, fetch: bool) -> Collection[str]:
        return ()

    def no_node(self, progress: ProgressSink) -> str | None:
        return None

    @property
    def no_containers(self) -> str | None:
        return None if self._containers is not None else "the fake engine was given no answer for any"

    @property
    def name(self) -> EngineName:
        return self._name

    @property
    def image(self) -> str:
        return "nothing (a fake)"

    def check(self) -> str:
        return "the fake engine"

    def prepare(self, progress: ProgressSink) -> None:
        self.prepared += 1
        progress("nothing to prepare")

    def open(self, spec: SandboxSpec) -> FakeSandbox:
        """See `Engine.open`."""
        assert spec.run_id, "a sandbox belongs to a run"
        assert spec.job_id, "a sandbox belongs to a job"
        assert spec.gateway.is_absolute(), f"the gateway is an absolute path: {spec.gateway}"
        assert all(path.is_absolute() for path in spec.mounts), f"mounts are absolute: {spec.mounts}"
        sandbox = FakeSandbox(spec, self._answer, self._programs)
        if self._containers is not None:
            sandbox.further = FakeContainers(self._containers, lambda: sandbox.folders, spec.on_fetch)
        self.sandboxes.append(sandbox)
        return sandbox

    def clean(self, run_id: str | None = None) -> Sequence[str]:
        """See `Engine.clean`: sandboxes that were entered and not left."""
        left = [box for box in self.sandboxes if box.entered and run_id in {None, box.spec.run_id}]
        for box in left:
            box.die()
        return [f"sandbox {box.spec.job_id}" for box in left]

    def remove_images(self) -> Sequence[str]:
        return ()


class FakeSandbox:
    """See `Sandbox`. `commands` are those that were run, `files`, `modes` and `folders` what there is now.

    `cancelled` is set from `cancel` until the end of the command that the calling thread runs, for an `answer` that
    waits. `further` are its containers.
    """

    def __init__(self, spec: SandboxSpec, answer: Answer | None, programs: frozenset[str]) -> None:
        self.spec = spec
        self.entered = False
        self.left = False
        self.commands: list[Command] = []
        self.files: dict[PurePosixPath, bytes] = {LAYOUT.ca_bundle: spec.ca_bundle}
        self.modes: dict[PurePosixPath, int] = {}
        self.orphans: list[str] = []  # names of processes that commands left running
        self.folders: set[PurePosixPath] = set(_FOLDERS)
        self._running: dict[threading.Event, threading.Event | None] = {}  # the end of each command, and what stops it
        self._own = threading.local()
        self.further: FakeContainers | None = None
        self._answer = answer or self._act
        self._programs = programs
        self._lock = threading.Lock()

    @property
    def environment(self) -> Mapping[str, str]:
        return process_environment(self.spec, image_os="fake1")

    @property
    def containers(self) -> Containers:
        """See `Sandbox.containers`."""
        if self.further is None:
            raise EngineError("The fake engine has no containers", hint="Give it an answer for them.")
        return self.further

    def __enter__(self) -> Self:
        assert not self.entered, "a sandbox is entered once"
        assert not self.left, "a sandbox is not entered again"
        self.entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.die()

    def die(self) -> None:
        """End as a container does that someone removed: every method raises EngineError from now on."""
        self.entered = False
        self.left = True
        for cancelled in list(self._running):
            cancelled.set()

    @property
    def cancelled(self) -> threading.Event:
        """Whether the command that this thread runs was cancelled."""
        event: threading.Event = self._own.cancelled
        return event

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """See `Sandbox.run`."""
        self._alive()
        _police(command)
        cancelled = self._own.cancelled = threading.Event()
        with self._lock:
            self._running[cancelled] = stop
            self.commands.append(command)
        for path, file in command.files.items():
            self.write(path, file.content, mode=file.mode)
        if stop is not None and stop.is_set():
            cancelled.set()
        try:
            done = self._begin(command, lambda line: on_line(_final_line(line)))
        finally:
            with self._lock:
                del self._running[cancelled]
        self._alive()
        if cancelled.is_set() and done.reason == "exited":
            done = Exit(code=done.code or 130, reason="cancelled")
        return replace(
            done, files={path: self.files[path][: MOST_READ + 1] for path in command.collect if path in self.files}
        )

    def _begin(self, command: Command, on_line: LineSink) -> Exit:
        if command.cwd in self.folders:
            return self._answer(command, on_line)
        place = f"'{command.argv[0]}' with working directory '{command.cwd}'"
        return Exit(code=126, error=f"An error occurred trying to start process {place}. No such file or directory")

    def read(self, path: PurePosixPath) -> bytes:
        """See `Sandbox.read`."""
        self._alive()
        try:
            return self.files[_absolute(path)][: MOST_READ + 1]
        except KeyError:
            raise FileNotFoundError(str(path)) from None

    def write(self, path: PurePosixPath, content: bytes, *, mode: int = 0o644) -> None:
        """See `Sandbox.write`."""
        self._alive()
        assert isinstance(content, bytes), f"a file is bytes: {content!r}"
        assert path not in self.folders, f"{path} is a folder"
        self.files[_absolute(path)] = content
        self.modes[path] = mode
        self.folders.update(path.parents)

    def copy_in(self, source: Path, target: PurePosixPath) -> None:
        """See `Sandbox.copy_in`."""
        self._alive()
        assert source.is_dir(), f"a folder of the host is copied: {source}"
        self.folders.add(_absolute(target))
        for path in sorted(source.rglob("*")):
            if path.is_file():
                self.write(
                    target / path.relative_to(source).as_posix(), path.read_bytes(), mode=path.stat().st_mode & 0o777
                )

    def which(self, program: str, path: str) -> str | None:
        """See `Sandbox.which`: files that were written as executable, and the engine's programs in /usr/bin."""
        self._alive()
        for folder in path.split(":"):
            candidate = PurePosixPath(folder, program)
            if self.modes.get(candidate, 0) & 0o111 or (folder == "/usr/bin" and program in self._programs):
                return str(candidate)
        return None

    def cancel(self, stop: threading.Event | None = None) -> None:
        """See `Sandbox.cancel`."""
        self._alive()
        for cancelled, given in list(self._running.items()):
            if stop is None or given is stop:
                cancelled.set()

    def end_orphans(self, variable: str) -> Sequence[tuple[int, str]]:
        """See `Sandbox.end_orphans`: those of `orphans`, numbered."""
        self._alive()
        assert "=" in variable, f"a variable is NAME=value: {variable}"
        ended = list(enumerate(self.orphans, start=100))
        self.orphans.clear()
        return ended

    def _alive(self) -> None:
        if not self.entered:
            raise EngineError(
                f"The sandbox of job {self.spec.job_id} is not running", hint="It was not entered, or left."
            )

    def _act(self, command: Command, on_line: LineSink) -> Exit:
        """The programs that work without an `answer`."""
        program, *words = command.argv
        match PurePosixPath(program).name:
            case "echo":
                on_line(" ".join(words))
            case "env":
                for name, value in command.env.items():
                    on_line(f"{name}={value}")
            case "pwd":
                on_line(str(command.cwd))
            case "sleep":
                return self._sleep(float(words[0]), command.timeout)
            case "cat":
                for line in self.read(PurePosixPath(words[0])).decode().splitlines():
                    on_line(line)
            case "mkdir":
                self.folders.update(PurePosixPath(word) for word in words if not word.startswith("-"))
            case "true" | "false" as name:
                return Exit(code=0 if name == "true" else 1)
            case _:
                return Exit(
                    code=127, error=f"An error occurred trying to start process '{program}'. No such file or directory"
                )
        return Exit(code=0)

    def _sleep(self, seconds: float, timeout: float | None) -> Exit:
        if self.cancelled.wait(min(seconds, timeout if timeout is not None else seconds)):
            return Exit(code=130, reason="cancelled")
        if timeout is not None and timeout < seconds:
            return Exit(code=130, reason="timed-out")
        return Exit(code=0)


def _police(command: Command) -> None:
    assert command.argv, "a command has a program"
    words = [*command.argv, *command.env, *command.env.values()]
    assert not any("\0" in word for word in words), f"words are text without NUL: {command}"
    assert all(name and "=" not in name for name in command.env), f"not a variable's name: {sorted(command.env)}"
    assert command.timeout is None or command.timeout > 0, f"a time-out is more than nothing: {command.timeout}"
    _absolute(command.cwd)


def _absolute(path: PurePosixPath) -> PurePosixPath:
    assert path.is_absolute(), f"paths in a sandbox are absolute: {path}"
    return path


def _final_line(line: str) -> str:
    assert "\n" not in line, f"a line has no line feed: {line!r}"
    return line

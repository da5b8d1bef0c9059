"""What runs in the sandboxes of these tests: scripts in a small language, and the few programs of the runner itself.

Time passes only where a script takes some; a command that is not known fails the test.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from simulator.engines.base import LAYOUT, MOST_READ, Command, ContainerSpec, Exit, LineSink
from simulator.errors import EngineError
from tests.engines.fake import FakeEngine, FakeSandbox

NODES: Final = {20: "v20.20.2", 24: "v24.4.1"}
CANCELLED: Final = Exit(code=130, reason="cancelled")
TIMED_OUT: Final = Exit(code=130, reason="timed-out")


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """Answers the commands of an engine's sandboxes; `files` lie there when a job begins."""

    def __init__(
        self,
        files: Mapping[PurePosixPath, str],
        programs: Sequence[str],
        nodes: Mapping[int, str] = NODES,
        *,
        containers: bool = False,
    ) -> None:
        self.clock = Clock()
        self.engine = FakeEngine(self._answer, programs=programs, containers=self._contained if containers else None)
        self.waiting = threading.Event()  # a script waits to be cancelled, or the test lets another one go on
        self.processes: list[Command] = []  # those of steps
        self.cancel_run: Callable[[], None] = lambda: None
        self._files = files
        self._nodes = {str(LAYOUT.externals / f"node{major}/bin/node"): version for major, version in nodes.items()}

    def _answer(self, command: Command, say: LineSink) -> Exit:
        sandbox = next(box for box in self.engine.sandboxes if any(each is command for each in box.commands))
        program, *words = command.argv
        if program == "true":
            return Exit(code=0)
        if program == "mkdir":
            sandbox.folders.update(PurePosixPath(word) for word in words[1:])
            for path, content in self._files.items():
                sandbox.write(path, content.encode())
            return Exit(code=0)
        if words == ["--version"]:
            say(self._nodes.get(program, "not found"))
            return Exit(code=0 if program in self._nodes else 127)
        if program == str(LAYOUT.python) and words[:2] == ["-I", "-c"]:
            if "cancelled meanwhile" in words:
                self.cancel_run()
            return CANCELLED if sandbox.cancelled.is_set() else _hash(words[4:], say)
        self.processes.append(command)
        names = (PurePosixPath(word.strip(". '")) for word in reversed(words))  # pwsh has it in a command of its own
        script = next(name for name in names if name in sandbox.files)
        process = Process(machine=self, sandbox=sandbox, command=command, say=say)
        return process.carry_out(sandbox.read(script).decode())

    def _contained(self, spec: ContainerSpec, command: Command, say: LineSink) -> Exit:
        """What runs in a container: a script, or the words of its own program as the lines of one."""
        sandbox = self.engine.sandboxes[-1]
        if command.argv[0] == "test":
            return Exit(code=1)
        if command.env is spec.env:
            text = "\n".join(command.argv)
        else:
            self.processes.append(command)
            text = sandbox.read(_placed(next(word for word in reversed(command.argv) if "/" in word), spec)).decode()
        files = {name: str(_placed(value, spec)) for name, value in command.env.items() if "file_commands" in value}
        inside = replace(command, env={**command.env, **files})
        return Process(machine=self, sandbox=sandbox, command=inside, say=say).carry_out(text)


def _placed(path: str, spec: ContainerSpec) -> PurePosixPath:
    """Where a path of a container is in its sandbox."""
    at = PurePosixPath(path)
    place = max((place for place in spec.folders if at.is_relative_to(place)), key=lambda place: len(place.parts))
    return spec.folders[place] / at.relative_to(place)


def _hash(patterns: Sequence[str], say: LineSink) -> Exit:
    if "broken" in patterns:
        say("no such glob")
        return Exit(code=1)
    if "absent" not in patterns:
        say(hashlib.sha256("\n".join(patterns).encode()).hexdigest())
    return Exit(code=0)


@dataclass(frozen=True, kw_only=True)
class Process:
    """A script that runs. Each method is a command of the language: it takes the rest of its line."""

    machine: Machine
    sandbox: FakeSandbox
    command: Command
    say: LineSink

    def carry_out(self, script: str) -> Exit:
        """Carry out the lines of a script up to the one that ends it."""
        for line in script.splitlines():
            word, _, rest = line.strip().partition(" ")
            if word in FILES:
                self._append(word, rest)
            elif word and word not in {"#", "$ErrorActionPreference", "if"}:  # the latter two are around what pwsh runs
                done = COMMANDS[word](self, rest)
                if done is not None:
                    return done
        return Exit(code=0)

    def _append(self, file: str, text: str) -> None:
        """Add a line to a command file; `\\n` begins another one, and quotes around it are a shell's."""
        path = PurePosixPath(self.command.env[f"GITHUB_{file.upper()}"])
        self.sandbox.write(path, self.sandbox.read(path) + text.strip("'").replace("\\n", "\n").encode() + b"\n")

    def print(self, text: str) -> None:
        self.say(text)

    def show(self, names: str) -> None:
        """Print variables."""
        env = self.command.env
        for name in names.split():
            self.say(f"{name}={env[name]}" if name in env else f"{name} is not set")

    def argv(self, _: str) -> None:
        """Print the command line, with {0} for the script's name but for its ending."""
        words = [re.sub(r"/[^ ]*/_temp/[0-9a-f-]{36}", "{0}", word) for word in self.command.argv]
        self.say(" ".join([PurePosixPath(words[0]).name, *words[1:]]))

    def folder(self, _: str) -> None:
        """Print the working folder."""
        self.say(str(self.command.cwd))

    def add(self, text: str) -> None:
        """Make a program in the workspace: its path, then its content."""
        name, _, content = text.partition(" ")
        self.sandbox.write(PurePosixPath(self.command.env["GITHUB_WORKSPACE"], name), content.encode(), mode=0o755)

    def flood(self, file: str) -> None:
        """Write more than a mebibyte into a command file."""
        self.sandbox.write(PurePosixPath(self.command.env[f"GITHUB_{file.upper()}"]), b"x" * (1024 * 1024 + 1))

    def swamp(self, file: str) -> None:
        """Write more into a command file than pysim reads."""
        self.sandbox.write(PurePosixPath(self.command.env[f"GITHUB_{file.upper()}"]), b"x" * (MOST_READ + 1))

    def take(self, minutes: str) -> Exit | None:
        """Take so much time."""
        clock, seconds, limit = self.machine.clock, float(minutes) * 60, self.command.timeout
        if limit is not None and limit < seconds:
            clock.now += limit
            return TIMED_OUT
        clock.now += seconds
        return None

    def cancel(self, when: str) -> Exit | None:
        """Somebody cancels the run, with words behind it when the test says so; this goes on if it is let."""
        assert not when or self.machine.waiting.wait(10)
        self.machine.cancel_run()
        return CANCELLED if self.sandbox.cancelled.is_set() else None

    def wait(self, _: str) -> Exit:
        """Wait to be cancelled."""
        self.machine.waiting.set()
        assert self.sandbox.cancelled.wait(10)
        return CANCELLED

    def content(self, name: str) -> None:
        """Print the file that a variable names."""
        self.say(f"{name}: {self.sandbox.read(PurePosixPath(self.command.env[name])).decode()}")

    def exit(self, code: str) -> Exit:
        return Exit(code=int(code))

    def fail(self, _: str) -> Exit:
        """Fail when another script waits to be cancelled."""
        assert self.machine.waiting.wait(10)
        return Exit(code=1)

    def break_(self, when: str) -> Exit:
        """The engine breaks; with words behind it, when another script waits to be cancelled."""
        assert not when or self.machine.waiting.wait(10)
        raise EngineError("the engine broke", hint="mend it")

    def die(self, _: str) -> None:
        """The sandbox is gone."""
        self.sandbox.die()


FILES: Final = ("env", "output", "path", "state", "step_summary", "artifacts")
COMMANDS: Final[Mapping[str, Callable[[Process, str], Exit | None]]] = {
    "add": Process.add,
    "argv": Process.argv,
    "break": Process.break_,
    "cancel": Process.cancel,
    "content": Process.content,
    "die": Process.die,
    "exit": Process.exit,
    "fail": Process.fail,
    "flood": Process.flood,
    "swamp": Process.swamp,
    "folder": Process.folder,
    "say": Process.print,
    "show": Process.show,
    "take": Process.take,
    "wait": Process.wait,
}

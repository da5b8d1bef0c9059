"""What the sandboxes of all engines share: all that a sandbox can do once its agent answers.

Knows no engine; one subclass for each says how a sandbox is started.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from simulator.engines.base import Command, Containers, Exit, LineSink, SandboxSpec
from simulator.engines.channel import AgentChannel
from simulator.errors import EngineError
from simulator.remedies import Act, remedy


class AgentSandbox:
    """A `Sandbox` (see there for the contract) that works through an agent."""

    def __init__(self, spec: SandboxSpec, environment: Mapping[str, str]) -> None:
        self._spec = spec
        self._environment = environment
        self._exit = contextlib.ExitStack()
        self._channel: AgentChannel | None = None

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"The sandbox of job {self._spec.job_id}"

    @property
    def environment(self) -> Mapping[str, str]:
        return self._environment

    @property
    def containers(self) -> Containers:
        """See `Sandbox.containers`: none, unless an engine has them."""
        raise EngineError(
            f"{self.label} has no containers beside it",
            hint="Use the Docker engine.",
            remedies=(remedy(Act.USE_ENGINE, "docker"),),
        )

    def _start(self, stack: contextlib.ExitStack) -> AgentChannel:
        """Start the sandbox; the stack takes what undoes each step. Raises EngineError."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            with contextlib.ExitStack() as stack:
                self._channel = self._start(stack)
                self._exit = stack.pop_all()
        except OSError as error:
            raise EngineError(
                f"{self.label} cannot be made: {error}", hint="Make room there, or set TMPDIR to another folder."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        return self._agent.run(command, on_line, stop)

    def read(self, path: PurePosixPath) -> bytes:
        return self._agent.read(path)

    def write(self, path: PurePosixPath, content: bytes, *, mode: int = 0o644) -> None:
        self._agent.write(path, content, mode=mode)

    def copy_in(self, source: Path, target: PurePosixPath) -> None:
        self._agent.copy_in(source, target)

    def which(self, program: str, path: str) -> str | None:
        return self._agent.which(program, path)

    def cancel(self, stop: threading.Event | None = None) -> None:
        self._agent.cancel(stop)

    def end_orphans(self, variable: str) -> Sequence[tuple[int, str]]:
        return self._agent.end_orphans(variable)

    @property
    def _agent(self) -> AgentChannel:
        if self._channel is None:
            raise EngineError(f"{self.label} was not started", hint="Enter it first.")
        return self._channel

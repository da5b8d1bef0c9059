"""One further container of a Docker sandbox (see `base.Container`)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, Protocol

import docker
from docker.errors import APIError

from simulator.engines.base import Command, ContainerError, ContainerState, Exit, LineSink
from simulator.engines.container_process import ContainerProcess, Frame
from simulator.engines.daemon import connection_of, daemon_errors, frames, remove

_START: Final = 'echo "$$"; exec "$@"'  # the first line tells the process that signals go to


class ContainerGroup(Protocol):
    """What a container asks of the containers of its sandbox."""

    def paused(self, shared: Iterable[PurePosixPath]) -> contextlib.AbstractContextManager[None]:
        """A time in which these folders cannot come to lead elsewhere. Raises ContainerError for one that does."""
        ...

    def cancellable(
        self, process: ContainerProcess, stop: threading.Event | None
    ) -> contextlib.AbstractContextManager[None]:
        """A process that is ended with the others."""
        ...


class DockerContainer:
    """See `Container`."""

    def __init__(
        self,
        group: ContainerGroup,
        client: docker.DockerClient,
        container: str,
        shared: Sequence[PurePosixPath],
        notes: Sequence[str],
    ) -> None:
        self._group = group
        self._client = client
        self._id = container
        self._shared = shared
        self._notes = notes
        self.ports: Mapping[int, int] = {}

    @property
    def id(self) -> str:
        return self._id

    @property
    def shared(self) -> Sequence[PurePosixPath]:
        """The folders of the sandbox that it sees."""
        return self._shared

    @property
    def notes(self) -> Sequence[str]:
        return self._notes

    def start(self) -> None:
        """See `Container.start`. One that is to be removed when it ends is so, too, when it does not start."""
        try:
            self._start()
        except ContainerError:
            with contextlib.suppress(APIError):
                if self._client.api.inspect_container(self._id)["HostConfig"].get("AutoRemove"):
                    self.remove()
            raise

    def _start(self) -> None:
        with daemon_errors("Docker cannot start a container"), self._group.paused(self._shared):
            try:
                self._client.api.start(self._id)
            except APIError as error:
                raise ContainerError(f"Docker does not start the container: {error.explanation}") from error

    def run(self, on_line: LineSink, *, timeout: float | None = None, stop: threading.Event | None = None) -> Exit:
        """See `Container.run`."""
        with daemon_errors("Docker cannot run a container"):
            tty = bool(self._client.api.inspect_container(self._id)["Config"]["Tty"])
            stream = self._client.api.attach_socket(self._id, {"stdout": 1, "stderr": 1, "stream": 1})
            with connection_of(stream) as (_, incoming):
                self.start()
                return self._follow(frames(incoming, tty=tty), self._ended, self._signal, on_line, timeout, stop)

    def execute(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """See `Container.execute`."""
        with daemon_errors("Docker cannot run a command in a container"):
            made = self._client.api.exec_create(
                self._id,
                ["sh", "-c", _START, "sh", *command.argv],
                environment=dict(command.env),
                workdir=str(command.cwd),
                user="0:0" if command.as_root else "",
            )["Id"]
            number = _ProcessNumber()

            def signal(name: str) -> None:
                if number.text.isdigit():
                    self._run_as_root(["sh", "-c", f"kill -s {name.removeprefix('SIG')} -- -{number.text}"])

            def ended() -> int | None:
                facts = self._client.api.exec_inspect(made)
                return None if facts["Running"] or facts["ExitCode"] is None else int(facts["ExitCode"])

            with connection_of(self._client.api.exec_start(made, socket=True)) as (_, incoming):
                output = number.taken_from(frames(incoming))
                return self._follow(output, ended, signal, on_line, command.timeout, stop)

    def _follow(
        self,
        output: Iterable[Frame],
        ended: Callable[[], int | None],
        signal: Callable[[str], None],
        on_line: LineSink,
        timeout: float | None,
        stop: threading.Event | None,
    ) -> Exit:
        process = ContainerProcess(frames=output, ended=ended, signal=signal)
        with self._group.cancellable(process, stop):
            if stop is not None and stop.is_set():
                process.cancel()
            return process.follow(on_line, timeout)

    def _ended(self) -> int | None:
        state = self.state()
        return None if state.running else state.code

    def _signal(self, name: str) -> None:
        with contextlib.suppress(APIError):  # it ended meanwhile
            self._client.api.kill(self._id, name)

    def _run_as_root(self, argv: Sequence[str]) -> None:
        with contextlib.suppress(APIError):
            self._client.api.exec_start(self._client.api.exec_create(self._id, list(argv), user="0:0")["Id"])

    def state(self) -> ContainerState:
        """See `Container.state`."""
        with daemon_errors("Docker cannot say how a container is"):
            state = self._client.api.inspect_container(self._id)["State"]
        health = (state.get("Health") or {}).get("Status", "")
        return ContainerState(
            running=bool(state["Running"]),
            code=int(state["ExitCode"]),
            health=health if health in {"starting", "healthy", "unhealthy"} else "",
        )

    def logs(self) -> Sequence[str]:
        """See `Container.logs`."""
        with daemon_errors("Docker cannot give the output of a container"):
            return list(self._client.api.logs(self._id).decode(errors="replace").splitlines())

    def remove(self) -> None:
        """See `Container.remove`."""
        with daemon_errors("Docker cannot remove a container"):
            remove(self._client, self._id)


class _ProcessNumber:
    """The first line of an output, which tells the number of the process."""

    def __init__(self) -> None:
        self.text = ""

    def taken_from(self, output: Iterable[Frame]) -> Iterator[Frame]:
        """The output without it."""
        head: bytes | None = b""
        for out, err in output:
            if head is None:
                yield out, err
                continue
            head += out or b""
            line, end, rest = head.partition(b"\n")
            if line and not line.isdigit():  # there is no shell: the daemon says so
                head = None
                yield line + end + rest, err
            elif end:
                self.text, head = line.decode(), None
                yield rest, err
            else:
                yield None, err

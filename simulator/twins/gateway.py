"""The only way out of a sandbox: one Unix socket a job, and the decision where each connection goes.

A connection begins with the line `PYSIM/1 <port>`; what follows is the client's own, and is only looked at. TLS to a
twin's host and all HTTP without TLS go to the twins' application; other TLS goes outside, byte by byte. Knows no
request and no twin beyond its host.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Callable, Container, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from simulator.errors import TwinError
from simulator.paths import make_temporary_folder, remove_folder, temporary_parents
from simulator.twins.greeting import LIMIT, Greeting, GreetingReader, Tls
from simulator.twins.hosts import host_name, twin_of
from simulator.twins.injection.reason_phrase import Protocol
from simulator.twins.outside import HostRefusedError, Outside, Streams
from simulator.twins.records import Records

GREETING_SECONDS: Final = 30.0
PATH_LIMIT: Final = 100  # of the 108 bytes that sockaddr_un has
CHUNK: Final = 65536
_FIRST_LINE = re.compile(rb"PYSIM/1 ([0-9]{1,5})\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class _JobSocket:
    """A job's socket, what is under way behind it, and uvicorn's own list of its connections."""

    job_id: str
    path: Path
    listener: socket.socket
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    server: ServerState = field(default_factory=ServerState)

    def start(self, work: Coroutine[Any, Any, None], owned: socket.socket) -> None:
        """Run something that ends when this is closed; `owned` is closed then even if the work never began."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: owned.close())


class Gateway:
    """Opens and closes the sockets of jobs; all methods belong to the twins' event loop."""

    def __init__(
        self,
        *,
        application: Config,
        tls: ssl.SSLContext,
        outside: Outside,
        records: Records,
        ports: Sequence[int],
        others: Container[str] = (),
        tls_of: Callable[[str], ssl.SSLContext] | None = None,
    ) -> None:
        """`others` are more hosts that the application answers for, `tls_of` makes the settings for one of them."""
        self._application, self._tls, self._outside = application, tls, outside
        self._records, self._ports = records, frozenset(ports)
        self._others, self._tls_of = others, tls_of
        self._folder = _private_folder()
        self._open: dict[str, _JobSocket] = {}
        self._count = 0

    async def open(self, job_id: str) -> Path:
        """Listen for a job; the socket's path. Raises TwinError when the job has a socket already."""
        if job_id in self._open:
            raise TwinError(f"The job {job_id} is open already", hint="Close it first.")
        self._count += 1
        path = self._folder / f"{self._count}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.settimeout(0)
        listener.bind(str(path))
        path.chmod(0o666)  # the folder keeps others of this machine out; inside a sandbox any user may connect
        listener.listen(socket.SOMAXCONN)
        job = self._open[job_id] = _JobSocket(job_id=job_id, path=path, listener=listener)
        job.start(self._accept(job), listener)
        return path

    async def close(self, job_id: str) -> None:
        """End a job's connections and its socket. Safe to call twice."""
        job = self._open.pop(job_id, None)
        if job is None:
            return
        job.path.unlink(missing_ok=True)
        requests = list(job.server.tasks)
        for protocol in list(job.server.connections):
            if isinstance(protocol, H11Protocol):
                protocol.transport.abort()
        running = [*job.tasks, *requests]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def shut(self) -> None:
        """Close every job's socket and remove the folder."""
        for job_id in list(self._open):
            await self.close(job_id)
        remove_folder(self._folder)

    async def _accept(self, job: _JobSocket) -> None:
        while True:
            await _readable(job.listener)
            try:  # at once, not by the loop's sock_accept: that loses a connection when it is cancelled
                connection, _ = job.listener.accept()
            except OSError:  # the client left, or out of file descriptors: some will be closed
                await asyncio.sleep(0.05)
                continue
            connection.settimeout(0)
            job.start(self._serve(job, connection), connection)

    async def _serve(self, job: _JobSocket, connection: socket.socket) -> None:
        port, greeting = 0, cast("Greeting", "unknown")
        with contextlib.suppress(TimeoutError, ValueError, OSError):
            async with asyncio.timeout(GREETING_SECONDS):
                port = await _read_first_line(connection)
                greeting = await _peek_greeting(connection)
        await self._route(job, connection, port, greeting)

    async def _route(self, job: _JobSocket, connection: socket.socket, port: int, greeting: Greeting) -> None:
        if port not in self._ports or greeting in {"unknown", "incomplete"}:
            self._records.connection(job.job_id, "", port, 403)
        elif not isinstance(greeting, Tls):
            await self._hand_over(job, connection, port, None)
        elif (name := host_name(greeting.server_name or "")) and twin_of(name):
            await self._hand_over(job, connection, port, self._tls)
        elif name and name in self._others and self._tls_of is not None:
            await self._hand_over(job, connection, port, self._tls_of(name))
        else:
            await self._let_out(job, connection, name or greeting.server_name or "", port)

    async def _hand_over(
        self, job: _JobSocket, connection: socket.socket, port: int, tls: ssl.SSLContext | None
    ) -> None:
        """Give a connection to the twins' application, which then owns it."""
        loop = asyncio.get_running_loop()
        state = {"job": job.job_id, "port": port}
        with contextlib.suppress(OSError):  # the client does not trust pysim's authority, or left
            await loop.connect_accepted_socket(
                lambda: Protocol(self._application, job.server, state, loop), connection.dup(), ssl=tls
            )

    async def _let_out(self, job: _JobSocket, connection: socket.socket, host: str, port: int) -> None:
        try:
            outer = await self._outside.connect(host, port)
        except (HostRefusedError, OSError) as error:
            self._records.connection(job.job_id, host, port, 403 if isinstance(error, HostRefusedError) else 502)
            return
        self._records.connection(job.job_id, host, port, 200)
        inner = await asyncio.open_unix_connection(sock=connection.dup())
        await _splice(inner, outer)


def _private_folder() -> Path:
    """A new folder that only its owner enters, with a path short enough for socket names."""
    for parent in temporary_parents():
        folder = make_temporary_folder("gateway", parent)
        if len(bytes(folder)) + len("/99999.sock") <= PATH_LIMIT:
            return folder
        folder.rmdir()
    raise TwinError("The folder for temporary files has too long a path", hint="Set TMPDIR to a short path.")


async def _readable(connection: socket.socket) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)


async def _read_first_line(connection: socket.socket) -> int:
    """Take the forwarder's line, and not a byte more, off the connection. Raises ValueError."""
    loop, line = asyncio.get_running_loop(), b""
    while not line.endswith(b"\n") and len(line) < len("PYSIM/1 65535\n"):
        byte = await loop.sock_recv(connection, 1)
        if not byte:
            break
        line += byte
    if not (match := _FIRST_LINE.fullmatch(line)):
        raise ValueError("not PYSIM/1")
    return int(match[1])


async def _peek_greeting(connection: socket.socket) -> Greeting:
    """Look at what the client says first, until it says enough; the bytes stay where they are."""
    reader, seen, pause = GreetingReader(), -1, 0.001
    while True:
        await _readable(connection)
        data = connection.recv(LIMIT, socket.MSG_PEEK)
        if not data:
            return "unknown"
        if (greeting := reader.read(data)) != "incomplete":
            return greeting
        # The socket stays readable while it is only looked at, so new bytes have to be asked for.
        pause = min(pause * 2, 0.1) if len(data) == seen else 0.001
        seen = len(data)
        await asyncio.sleep(pause)


async def _splice(inner: Streams, outer: Streams) -> None:
    """Carry bytes both ways, each way ending by itself, until both have ended."""
    (inner_in, inner_out), (outer_in, outer_out) = inner, outer
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(inner_in, outer_out))
            group.create_task(_pump(outer_in, inner_out))
    except* OSError:
        _abort(inner_out, outer_out)
    except* asyncio.CancelledError:
        _abort(inner_out, outer_out)
        raise
    inner_out.close()
    outer_out.close()


def _abort(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        sink.write(chunk)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()

"""pysim's end of the agent protocol (`inside/agent.py`): one long-lived channel to a sandbox, for many threads.

Shared by all engines; knows the transport by its protocol only.
"""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import json
import queue
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from simulator.engines.base import MOST_READ, Command, Exit, LineSink
from simulator.errors import EngineError
from simulator.remedies import Act, remedy

CHUNK = 1 << 18
LONGEST_LINE = 1 << 20  # bytes of output without a line feed
CUT = " [the rest of this line is left out: pysim shows 1 MiB of a line]"
QUEUED = 256  # messages of a command that wait for a slow reader before the sandbox itself has to wait, unless the
# reader itself asks for something: the answer comes behind them


class Transport(Protocol):
    """Two byte streams to the agent."""

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError or ValueError when the agent is gone."""
        ...

    def receive(self) -> bytes:
        """Some bytes, or none at the end."""
        ...

    def close(self) -> None:
        """End the agent's input, and by that the sandbox; a `receive` under way returns. Safe to call twice."""
        ...

    def error_output(self) -> str:
        """What the agent said on standard error."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Output:
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Done:
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class _Failed:
    kind: str
    message: str


_Message = _Output | _Done | _Failed
_Replies = queue.Queue[_Message | None]  # None: the agent is gone


class Lines:
    """Cuts a stream of bytes into decoded lines; of a line that is too long, what is beyond LONGEST_LINE is dropped."""

    def __init__(self, on_line: LineSink) -> None:
        self._on_line = on_line
        self._open = bytearray()

    def feed(self, data: bytes) -> None:
        """Take more of the stream and hand over the lines that are complete."""
        first, *rest = data.split(b"\n")
        self._append(first)
        for part in rest:
            self._hand_over()
            self._append(part)

    def close(self) -> None:
        """Hand over a last line that has no line feed."""
        if self._open:
            self._hand_over()

    def _append(self, data: bytes) -> None:
        self._open += data[: max(0, LONGEST_LINE + 1 - len(self._open))]

    def _hand_over(self) -> None:
        line, self._open = self._open, bytearray()
        if len(line) > LONGEST_LINE:
            self._on_line(line[:LONGEST_LINE].decode(errors="replace") + CUT)
        else:
            self._on_line(line.removesuffix(b"\r").decode(errors="replace"))


class AgentChannel:
    """What a sandbox does with its agent. Every method raises EngineError once the agent is gone."""

    def __init__(self, transport: Transport, *, label: str) -> None:
        self._transport = transport
        self._label = label
        self._numbers = itertools.count(1)
        self._sending = threading.Lock()
        self._pending: dict[int, _Replies] = {}
        self._commands: dict[int, threading.Event | None] = {}  # and what stops each
        self._gone = False
        self._room = threading.Condition()
        self._asked = 0  # requests under way that are no commands
        self._reader = threading.Thread(target=self._read, name=f"pysim {label}", daemon=True)

    def open(self, *, timeout: float) -> None:
        """Wait for the agent to say that the sandbox is ready."""
        replies: _Replies = queue.Queue()
        self._pending[0] = replies
        self._reader.start()
        try:
            message = replies.get(timeout=timeout)
        except queue.Empty:
            raise self._error(f"did not start within {timeout:g} s") from None
        finally:
            self._pending.pop(0, None)
        if isinstance(message, _Failed):
            raise self._error(f"did not start: {message.message}")
        if message is None:
            raise self._error("ended while it started")

    def close(self) -> None:
        """End the sandbox's agent. Safe to call twice."""
        self._transport.close()
        if self._reader.ident is not None:
            self._reader.join()

    def run(self, command: Command, on_line: LineSink, stop: threading.Event | None = None) -> Exit:
        """See `Sandbox.run`."""
        lines = Lines(on_line)
        request = {
            "op": "run",
            "argv": command.argv,
            "cwd": str(command.cwd),
            "env": dict(command.env),
            "timeout": command.timeout,
            "root": command.as_root,
            "files": {str(path): [_text(file.content), file.mode] for path, file in command.files.items()},
            "collect": list(map(str, command.collect)),
        }
        with self._asking(request, stop) as (number, replies):
            try:
                if stop is not None and stop.is_set():
                    self._cancel(number)
                value = self._collect(replies, lines.feed)
            except BaseException:
                self._cancel(number)
                raise
            lines.close()
        files = {PurePosixPath(path): base64.b64decode(content) for path, content in value["files"].items()}
        for path in map(PurePosixPath, value["large"]):
            with contextlib.suppress(FileNotFoundError):
                files[path] = self.read(path)
        return Exit(code=value["code"], reason=value["reason"], error=value["error"], files=files)

    def cancel(self, stop: threading.Event | None = None) -> None:
        """See `Sandbox.cancel`."""
        for number, given in list(self._commands.items()):
            if stop is None or given is stop:
                self._cancel(number)

    def read(self, path: PurePosixPath) -> bytes:
        """See `Sandbox.read`."""
        content = bytearray()
        with self._asking({"op": "read", "path": str(path), "most": MOST_READ + 1}) as (_, replies):
            self._collect(replies, content.extend)
        return bytes(content)

    def write(self, path: PurePosixPath, content: bytes, *, mode: int) -> None:
        """See `Sandbox.write`."""
        with self._uploading({"op": "write", "path": str(path), "mode": mode}) as take:
            for start in range(0, len(content), CHUNK):
                take(content[start : start + CHUNK])

    def copy_in(self, source: Path, target: PurePosixPath) -> None:
        """See `Sandbox.copy_in`."""
        with (
            self._uploading({"op": "copy", "path": str(target)}) as take,
            tarfile.open(mode="w|", fileobj=_Sink(take), bufsize=CHUNK) as archive,
        ):
            archive.add(source, arcname=".")

    def serve(self, argv: Sequence[str]) -> None:
        """Start a program that stays, as the agent's own user, and wait for it to say that it is ready."""
        with self._asking({"op": "serve", "argv": list(argv)}) as (_, replies):
            self._collect(replies)

    def which(self, program: str, path: str) -> str | None:
        """See `Sandbox.which`."""
        with self._asking({"op": "which", "program": program, "path": path}) as (_, replies):
            found = self._collect(replies)
        return None if found is None else str(found)

    def end_orphans(self, variable: str) -> Sequence[tuple[int, str]]:
        """See `Sandbox.end_orphans`."""
        with self._asking({"op": "orphans", "variable": variable}) as (_, replies):
            return [(number, name) for number, name in self._collect(replies)]

    # The machinery

    @contextlib.contextmanager
    def _asking(
        self, request: Mapping[str, Any], stop: threading.Event | None = None
    ) -> Iterator[tuple[int, _Replies]]:
        """Send a request and give its replies; those that nobody took are dropped in the end."""
        number = next(self._numbers)
        replies: _Replies = queue.Queue()
        is_command = request["op"] == "run"
        with self._sending:
            self._pending[number] = replies
            if is_command:
                self._commands[number] = stop
            if self._gone:
                replies.put(None)
            else:
                self._send({"id": number, **request})
        self._waits(0 if is_command else 1)
        try:
            yield number, replies
        finally:
            with self._sending:
                self._commands.pop(number, None)
                del self._pending[number]
            with contextlib.suppress(queue.Empty):
                while True:
                    replies.get_nowait()
            self._waits(0 if is_command else -1)

    def _waits(self, more: int) -> None:
        """So many more wait for what is no output; there may be room for output now."""
        with self._room:
            self._asked += more
            self._room.notify_all()

    @contextlib.contextmanager
    def _uploading(self, request: Mapping[str, Any]) -> Iterator[Callable[[bytes], None]]:
        """A request whose content follows in pieces; leaving waits for the answer."""
        piece = {**request, "data": "", "more": True}
        with self._asking(piece) as (number, replies):

            def take(data: bytes) -> None:
                with self._sending:
                    self._send({**piece, "id": number, "data": _text(data)})

            yield take
            with self._sending:
                self._send({**piece, "id": number, "more": False})
            self._collect(replies)

    def _send(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError, ValueError):  # the reader sees the agent's end, and tells who waits
            self._transport.send(json.dumps(message).encode() + b"\n")

    def _cancel(self, number: int) -> None:
        with self._sending:
            if not self._gone:
                self._send({"id": number, "op": "cancel"})

    def _collect(self, replies: _Replies, on_output: Callable[[bytes], None] | None = None) -> Any:
        """Take replies up to the last one, whose value it is."""
        while True:
            match replies.get():
                case _Output(data=data):
                    self._waits(0)
                    if on_output is not None:
                        on_output(data)
                case _Done(value=value):
                    return value
                case _Failed(kind="FileNotFoundError", message=message):
                    raise FileNotFoundError(message)
                case _Failed(message=message):
                    raise self._error(f"could not do it: {message}")
                case None:
                    raise self._error("ended unexpectedly")

    def _read(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            while data := self._transport.receive():
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    self._take(json.loads(line))
        with self._sending:
            self._gone = True
            waiting = list(self._pending.values())
        for replies in waiting:
            replies.put(None)

    def _take(self, message: Mapping[str, Any]) -> None:
        replies = self._pending.get(message["id"])
        if replies is None:
            return
        if "out" in message:
            with self._room:
                self._room.wait_for(lambda: self._asked or replies.qsize() < QUEUED)
            replies.put(_Output(data=base64.b64decode(message["out"])))
        elif "error" in message:
            replies.put(_Failed(kind=message["error"]["type"], message=message["error"]["message"]))
        else:
            replies.put(_Done(value=message["done"]))

    def _error(self, what: str) -> EngineError:
        said = self._transport.error_output().strip()
        if said:
            return EngineError(f"{self._label} {what}", hint=f"It said: {said[-600:]}")
        hint = "Run it again; cleaning removes what earlier runs left behind."
        return EngineError(f"{self._label} {what}", hint=hint, remedies=(remedy(Act.CLEAN),))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class _Sink(io.RawIOBase):
    """A file that hands on what is written."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__()
        self._take = take

    def write(self, data: Any) -> int:
        self._take(bytes(data))
        return len(data)

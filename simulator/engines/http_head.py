"""The little of HTTP/1.1 that a job's Docker API needs: the head of a request, its body, and an answer to it."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

_LONGEST: Final = 1 << 16
_IN_MEMORY: Final = 1 << 20
_CHUNK: Final = 1 << 16
_WORDS: Final = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request"}


class BadRequest(Exception):  # noqa: N818 - HTTP's word
    """What came is no request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request whose body is still to come, from `stream`."""

    method: str
    path: str  # decoded, without the version of the API
    version: str  # `/v1.41`, or empty
    query: Mapping[str, Sequence[str]]
    headers: Sequence[tuple[str, str]]
    stream: IO[bytes]
    connection: socket.socket

    def header(self, name: str) -> str:
        """The value of a header, empty without one."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def value(self, name: str) -> str:
        """The first value of a name in the query, empty without one."""
        return next(iter(self.query.get(name, ())), "")

    def body(self) -> IO[bytes]:
        """The whole body; who asks closes it. Raises BadRequest."""
        if self.header("expect").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        taken = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        for piece in self._pieces():
            taken.write(piece)
        taken.seek(0)
        return taken

    def json(self) -> Any:
        """The body as JSON, None where it is empty. Raises BadRequest."""
        with self.body() as content:
            data = content.read()
        try:
            return json.loads(data) if data.strip() else None
        except ValueError as error:
            raise BadRequest(f"the body is no JSON: {error}") from error

    def _pieces(self) -> Iterator[bytes]:
        if "chunked" in self.header("transfer-encoding").lower():
            while size := int(self.stream.readline(_LONGEST).split(b";")[0] or b"0", 16):
                yield from self._exactly(size)
                self.stream.readline(_LONGEST)
            while self.stream.readline(_LONGEST).strip():
                continue
        else:
            yield from self._exactly(int(self.header("content-length") or 0))

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.stream.read(min(size, _CHUNK))
            if not piece:
                raise BadRequest("the body ends early")
            size -= len(piece)
            yield piece


def read_request(connection: socket.socket, stream: IO[bytes]) -> Request | None:
    """The head of the next request, None at the end. Raises BadRequest."""
    line = stream.readline(_LONGEST)
    if not line.strip():
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3:
        raise BadRequest("the first line is no request")
    headers: list[tuple[str, str]] = []
    while (field := stream.readline(_LONGEST).decode("latin-1")).strip():
        name, _, value = field.partition(":")
        headers.append((name.strip(), value.strip()))
    parts = urlsplit(words[1])
    path = unquote(parts.path)
    if {".", ".."} & {*path.split("/")} or not path.isprintable():
        raise BadRequest(f"{path!r} is no path")
    first, _, rest = path.lstrip("/").partition("/")
    versioned = first.startswith("v") and first[1:].replace(".", "").isdigit()
    return Request(
        method=words[0].upper(),
        path=f"/{rest}" if versioned else path,
        version=f"/{first}" if versioned else "",
        query=parse_qs(parts.query, keep_blank_values=True),
        headers=headers,
        stream=stream,
        connection=connection,
    )


def answer(connection: socket.socket, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
    """Send an answer: JSON, or nothing."""
    data = b"" if body is None else json.dumps(body).encode() + b"\n"
    lines = [f"HTTP/1.1 {status} {_WORDS.get(status, 'Refused')}", f"Content-Length: {len(data)}", "Connection: close"]
    lines += ["Content-Type: application/json"] if data else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)

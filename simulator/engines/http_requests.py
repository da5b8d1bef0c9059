"""Requests of HTTP/1.1 over any stream of bytes, each within bounds, and the answers to them.

h11 knows the protocol, this module the bounds; it knows no Docker.
"""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import h11

LARGEST_HEAD: Final = 1 << 16  # bytes, and one reading more; a build's has the logins of all registries in it
MOST_HEADERS: Final = 100
LARGEST_JSON: Final = 4 << 20  # bytes
LARGEST_BODY: Final = 8 << 30  # bytes of a build's context or of a copy into a container; what is large lies on disk
_IN_MEMORY: Final = 1 << 20
_CHUNK: Final = 1 << 16
_WITHOUT_BODY: Final = {http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED}


class Refused(Exception):  # noqa: N818 - an answer, and no error of pysim's
    """The answer to a request that is not carried out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Stream(Protocol):
    """The bytes of a client, both ways. Every method raises OSError where the client is gone."""

    def read(self, size: int) -> bytes:
        """Some bytes, no more than `size`; none at the end."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of it."""
        ...

    def end(self) -> None:
        """Send the end; what the client still sends can be read. Safe to call twice."""
        ...


class HttpConnection:
    """A client that asks for one thing."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
        self._method = ""
        self._ended = False

    def request(self) -> Request | None:
        """The head of the request, None at the end. Raises Refused."""
        event = self._next()
        if not isinstance(event, h11.Request):
            return None
        self._method = event.method.decode("ascii")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
        if len(headers) > MOST_HEADERS:
            raise Refused(431, f"a request has no more than {MOST_HEADERS} headers")
        if {"content-length", "transfer-encoding"} <= {name for name, _ in headers}:
            raise Refused(400, "a request has a Content-Length or a Transfer-Encoding, and not both")
        try:
            parts = urlsplit(event.target.decode("latin-1"))
            query = parse_qs(parts.query, keep_blank_values=True)
        except ValueError as error:
            raise Refused(400, f"the address cannot be read: {error}") from error
        path = unquote(parts.path)
        if {".", ".."} & {*path.split("/")} or not path.isprintable():
            raise Refused(400, f"{path!r} is no path")
        first, _, rest = path.lstrip("/").partition("/")
        versioned = first.startswith("v") and first[1:].replace(".", "").isdigit()
        return Request(
            connection=self,
            method=self._method.upper(),
            path=f"/{rest}" if versioned else path,
            version=f"/{first}" if versioned else "",
            query=query,
            headers=headers,
        )

    def pieces(self, at_most: int) -> Iterator[bytes]:
        """The body of the request, of no more bytes than that. Raises Refused."""
        if self._protocol.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
        size = 0
        while isinstance(event := self._next(), h11.Data):
            size += len(event.data)
            if size > at_most:
                raise too_large(at_most)
            yield bytes(event.data)

    def following(self) -> Iterator[bytes]:
        """What comes behind the body, up to the end. Raises OSError."""
        yield from filter(None, [self._protocol.trailing_data[0]])
        if not self._ended:
            yield from iter(lambda: self.stream.read(_CHUNK), b"")

    def answer(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """Send an answer: JSON, or nothing."""
        data = b"" if body is None else json.dumps(body).encode() + b"\n"
        shown = {"Connection": "close", **(headers or {})}
        if status not in _WITHOUT_BODY:
            shown["Content-Length"] = str(len(data))
        if data:
            shown["Content-Type"] = "application/json"
        reason = http.client.responses.get(status, "").encode()
        self._send(h11.Response(status_code=status, headers=[*shown.items()], reason=reason))
        if data and self._method != "HEAD":
            self._send(h11.Data(data=data))
        self._send(h11.EndOfMessage())

    def _send(self, event: h11.Event) -> None:
        self.stream.write(self._protocol.send(event) or b"")

    def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while True:
            try:
                event = self._protocol.next_event()
            except h11.RemoteProtocolError as error:
                raise Refused(error.error_status_hint, f"the request cannot be read: {error}") from error
            if event is not h11.NEED_DATA:
                return event
            data = self.stream.read(_CHUNK)
            self._ended = not data
            self._protocol.receive_data(data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request whose body is still to come. The names of its headers are in lower case."""

    connection: HttpConnection
    method: str
    path: str  # decoded, without the version of the API
    version: str  # `/v1.41`, or empty
    query: Mapping[str, Sequence[str]]
    headers: Sequence[tuple[str, str]]

    def header(self, name: str) -> str:
        """The value of a header, empty without one."""
        return next((value for key, value in self.headers if key == name), "")

    def value(self, name: str) -> str:
        """The first value of a name in the query, empty without one."""
        return next(iter(self.query.get(name, ())), "")

    def body(self, at_most: int = LARGEST_BODY) -> IO[bytes]:
        """The whole body, of no more bytes than that; who asks closes it. Raises Refused."""
        if int(self.header("content-length") or 0) > at_most:
            raise too_large(at_most)
        taken = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        try:
            for piece in self.connection.pieces(at_most):
                taken.write(piece)
            taken.seek(0)
        except BaseException:
            taken.close()
            raise
        return taken

    def json(self) -> Any:
        """The body as JSON, None where it is empty. Raises Refused."""
        with self.body(LARGEST_JSON) as content:
            data = content.read()
        try:
            return json.loads(data) if data.strip() else None
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"the body is no JSON: {error}") from error


def too_large(at_most: int) -> Refused:
    """The answer to a body of more bytes than that."""
    return Refused(413, f"the body is larger than the {at_most} bytes that pysim takes here")


def written(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a request to another server. Raises Refused for what no request has."""
    try:
        head = h11.Connection(h11.CLIENT).send(h11.Request(method=method, target=target, headers=[*headers]))
    except h11.LocalProtocolError as error:
        raise Refused(400, f"the request cannot be passed on: {error}") from error
    return head or b""

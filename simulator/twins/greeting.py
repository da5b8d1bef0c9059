"""What the first bytes of a connection say: the TLS server name, or that HTTP is spoken. Reads bytes, no socket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

LIMIT: Final = 65536  # more than any client sends before it hears from the server

_METHOD = re.compile(rb"[A-Z]{1,20}( |$)")
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """A complete ClientHello; `server_name` as the client wrote it, None when it names none."""

    server_name: str | None


Greeting = Tls | Literal["http", "incomplete", "unknown"]


class _TruncatedError(Exception):
    """More bytes are needed."""


@dataclass(slots=True)
class _Reader:
    """Takes numbers and length-prefixed blocks off the front of some bytes."""

    data: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise _TruncatedError
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def block(self, prefix: int) -> _Reader:
        return _Reader(self.take(self.number(prefix)))

    @property
    def more(self) -> bool:
        return self.at < len(self.data)


def read_greeting(data: bytes) -> Greeting:
    """What the bytes that have arrived so far say."""
    if not data:
        return "incomplete"
    if data[0] != _HANDSHAKE:
        return "http" if _METHOD.match(data) else "unknown"
    try:
        hello = _handshake_message(data)
    except _TruncatedError:
        return "incomplete" if len(data) < LIMIT else "unknown"
    if hello is None:
        return "unknown"
    try:
        return Tls(server_name=_server_name(hello))
    except (_TruncatedError, UnicodeDecodeError):
        return "unknown"


def _handshake_message(data: bytes) -> _Reader | None:
    """The body of the ClientHello, put together from as many TLS records as it was cut into (RFC 8446, 5.1)."""
    records, message = _Reader(data), b""
    while True:
        if records.number(1) != _HANDSHAKE:
            return None
        records.take(2)
        message += records.block(2).data
        if message and message[0] != _CLIENT_HELLO:
            return None
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4]):
            return _Reader(message[4 : 4 + int.from_bytes(message[1:4])])


def _server_name(hello: _Reader) -> str | None:
    """The host name of the server_name extension (RFC 6066, 3)."""
    hello.take(2 + 32)  # version, random
    for prefix in (1, 2, 1):  # session id, cipher suites, compression methods
        hello.block(prefix)
    extensions = hello.block(2) if hello.more else _Reader(b"")
    while extensions.more:
        kind, body = extensions.number(2), extensions.block(2)
        if kind == _SERVER_NAME:
            names = body.block(2)
            return names.block(2).data.decode("ascii") if names.number(1) == 0 else None
    return None

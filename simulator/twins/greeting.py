"""What the first bytes of a connection say: the TLS server name, or that HTTP is spoken. Reads bytes, no socket."""

from __future__ import annotations

import contextlib
import functools
import re
import ssl
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

LIMIT: Final = 65536  # more than any client sends before it hears from the server

_METHOD = re.compile(rb"[A-Z]{1,20}( |$)")
_HANDSHAKE = 22
_hook_in_place = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """A complete ClientHello; `server_name` as the client wrote it, None when it names none."""

    server_name: str | None


Greeting = Tls | Literal["http", "incomplete", "unknown"]


class GreetingReader:
    """Reads one connection's greeting as it arrives, with a TLS server that never answers."""

    def __init__(self) -> None:
        self._arrived = ssl.MemoryBIO()
        server = _context().wrap_bio(self._arrived, ssl.MemoryBIO(), server_side=True)
        assert isinstance(server, _Server)
        self._server, self._read = server, 0

    def read(self, data: bytes) -> Greeting:
        """What the bytes that have arrived so far say: all of them, those of earlier calls at the front."""
        if not data:
            return "incomplete"
        if data[0] != _HANDSHAKE:
            return "http" if _METHOD.match(data) else "unknown"
        self._arrived.write(data[self._read :])
        self._read = len(data)
        try:
            with _undecodable_names_unreported():
                self._server.do_handshake()
        except ssl.SSLWantReadError:
            return "incomplete" if len(data) < LIMIT else "unknown"
        except ssl.SSLError:
            return Tls(server_name=self._server.asked_for) if self._server.greeted else "unknown"
        return "unknown"


class _Server(ssl.SSLObject):
    """A TLS server that takes note of the name it is asked for."""

    greeted = False
    asked_for: str | None = None


def _note(server: Any, name: str | None, _context: ssl.SSLContext) -> int:
    """Take the name, also None for none, and end the handshake."""
    server.greeted, server.asked_for = True, name
    return ssl.ALERT_DESCRIPTION_USER_CANCELLED


@functools.cache
def _context() -> ssl.SSLContext:
    """Settings that refuse no ClientHello: whether the terms are good enough is for the host outside to say."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.sslobject_class = _Server
    context.sni_callback = _note
    return context


@contextlib.contextmanager
def _undecodable_names_unreported() -> Iterator[None]:
    """CPython refuses a server name that is no ASCII, and tells `sys.unraisablehook` of it, which would print it."""
    with _hook_in_place:
        usual = sys.unraisablehook

        def hook(unraisable: Any) -> None:
            if not isinstance(unraisable.exc_value, UnicodeDecodeError):
                usual(unraisable)

        sys.unraisablehook = hook
        try:
            yield
        finally:
            sys.unraisablehook = usual

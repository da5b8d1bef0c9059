"""The network outside as tests have it: a proxy of the machine that notes what leaves, and a name server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from .driving import pump


class WayOut:
    """The machine's HTTP proxy: everything that leaves pysim asks here first, so this is all that left."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._echo, args=(client,), daemon=True).start()

    def _echo(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1)
            self.targets.append(head.split(b" ")[1].decode())
            if head.startswith(b"CONNECT"):
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                pump(client, client)
            else:
                client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\noutside")


def resolving(names: Mapping[str, str]) -> Callable[..., list[Any]]:
    """A name server that knows these names, those of this machine and addresses, and knows no other."""
    known, own = socket.getaddrinfo, {"localhost", socket.gethostname()}

    def resolve(host: str, port: int, *given: Any, **named: Any) -> list[Any]:
        if host not in names:
            flags = {} if host in own else {"flags": socket.AI_NUMERICHOST}
            return known(host, port, *given[:3], **{**named, **flags})
        family = socket.AF_INET6 if ":" in names[host] else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (names[host], port))]

    return resolve


def own_address() -> str:
    """An address of this machine that is no loopback, as far as it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with contextlib.suppress(OSError):
            probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])

"""The only way out of a sandbox: answers every name with its own address and hands connections to pysim.

Knows no protocol but DNS. Standard library only, Python 3.8 or newer. Started as `forwarder.py ADDRESS GATEWAY
PORT...`; says `ready` on standard output when all ports are open. Each accepted connection becomes one to the Unix
socket GATEWAY that begins with the line `PYSIM/1 <port>`, then carries the bytes of both sides, each end kept apart.
Started as `forwarder.py PORT TARGET` it joins what connects to a port of localhost with another port there.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from functools import partial
from typing import Callable  # noqa: UP035

CHUNK = 65536
BUFFER = 262144  # bytes carried at once; with smaller ones large transfers cost more in calls than in copying
DNS_PORT = 53
TYPE_A = 1
CLASS_IN = 1
TTL = 60


def answer(query: bytes, address: str) -> bytes | None:
    """The reply to a DNS query (RFC 1035): the address for A, an empty answer for all else, None for no query."""
    if len(query) < 12 or query[2] & 0x80 or struct.unpack_from("!H", query, 4)[0] != 1:
        return None
    end = 12
    while end < len(query) and query[end]:
        end += query[end] + 1
    question = query[12 : end + 5]
    if end + 5 > len(query):
        return None
    kind, family = struct.unpack_from("!HH", query, end + 1)
    known = kind == TYPE_A and family == CLASS_IN
    header = query[:2] + bytes([0x84 | (query[2] & 0x01), 0x80]) + struct.pack("!HHHH", 1, int(known), 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, TYPE_A, CLASS_IN, TTL, 4) + socket.inet_aton(address)
    return header + question + (record if known else b"")


def serve_datagrams(listener: socket.socket, address: str) -> None:
    """Answer DNS over UDP, forever."""
    while True:
        with contextlib.suppress(OSError):
            query, client = listener.recvfrom(CHUNK)
            reply = answer(query, address)
            if reply is not None:
                listener.sendto(reply, client)


def serve_stream(client: socket.socket, address: str) -> None:
    """Answer DNS over one TCP connection."""
    with contextlib.suppress(OSError), client, client.makefile("rb") as queries:
        while True:
            prefix = queries.read(2)
            query = queries.read(struct.unpack("!H", prefix)[0]) if len(prefix) == 2 else b""
            reply = answer(query, address)
            if reply is None:
                return
            client.sendall(struct.pack("!H", len(reply)) + reply)


def copy(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes until the source ends, then end the target's input."""
    try:
        buffer = memoryview(bytearray(BUFFER))
        while size := source.recv_into(buffer):
            target.sendall(buffer[:size])
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, target):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def forward(client: socket.socket, gateway: str, port: int) -> None:
    """Join one accepted connection with pysim."""
    with client, socket.socket(socket.AF_UNIX) as way_out:
        try:
            way_out.connect(gateway)
            way_out.sendall(b"PYSIM/1 %d\n" % port)
        except OSError:
            return
        join(client, way_out)


def relay(client: socket.socket, target: int) -> None:
    """Join one accepted connection with a port of localhost."""
    with client:
        try:
            server = socket.create_connection(("127.0.0.1", target))
        except OSError:
            return
        with server:
            join(client, server)


def join(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways until both ended."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=copy, args=(server, client), daemon=True)
    back.start()
    copy(client, server)
    back.join()


def serve(listener: socket.socket, work: Callable[[socket.socket], None]) -> None:
    """Serve the connections to one port, each in a thread of its own, forever."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            continue
        threading.Thread(target=work, args=(client,), daemon=True).start()


def listen(address: str, port: int) -> socket.socket:
    """A listening TCP socket."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(512)
    return listener


def main() -> None:
    """Serve as the command line says."""
    if len(sys.argv) == 3 and sys.argv[1].isdigit():
        port, target = map(int, sys.argv[1:])
        with listen("127.0.0.1", port) as listener:
            say_ready()
            serve(listener, lambda client: relay(client, target))
    address, gateway = sys.argv[1:3]
    ports = [DNS_PORT, *(int(port) for port in sys.argv[3:])]
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, DNS_PORT))
    for port, listener in [(port, listen(address, port)) for port in ports]:
        work = partial(serve_stream, address=address)
        if port != DNS_PORT:
            work = partial(forward, gateway=gateway, port=port)
        threading.Thread(target=serve, args=(listener, work), daemon=True).start()
    say_ready()
    serve_datagrams(datagrams, address)


def say_ready() -> None:
    """Tell who started this that all ports are open."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Connections to a job's gateway, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path


def client_hello(name: bytes, *, record: int = 16384) -> bytes:
    """A TLS 1.2 ClientHello with this server name, cut into records of at most `record` bytes."""
    host = b"\x00" + len(name).to_bytes(2) + name
    server_name = len(host).to_bytes(2) + host
    extension = (0).to_bytes(2) + len(server_name).to_bytes(2) + server_name
    groups, signatures = bytes.fromhex("000a00060004001d0017"), bytes.fromhex("000d0006000404030804")
    extensions = bytes.fromhex("3a3a0000") + groups + extension + signatures
    body = b"\x03\x03" + bytes(32) + b"\x00" + bytes.fromhex("0002c02b") + bytes.fromhex("0100")
    body += len(extensions).to_bytes(2) + extensions
    message = b"\x01" + len(body).to_bytes(3) + body
    parts = [message[at : at + record] for at in range(0, len(message), record)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in parts)


def knock(gateway: Path, port: int, *pieces: bytes, wait: float = 0.05) -> bytes:
    """Say something through a job's gateway, wait for the first answer, end, and read the rest."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(gateway))
        connection.sendall(b"PYSIM/1 %d\n" % port)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(wait if len(pieces) > 1 else 0)
        with contextlib.suppress(ConnectionError):
            answer = connection.recv(65536)
            connection.shutdown(socket.SHUT_WR)
            return answer + rest(connection)
        return b""


def ask(gateway: Path, port: int, request: bytes) -> bytes:
    """Send one HTTP request without TLS through a job's gateway, and read the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(gateway))
        head, blank, body = request.partition(b"\r\n\r\n")
        connection.sendall(b"PYSIM/1 %d\n%s\r\nConnection: close%s%s" % (port, head, blank, body))
        return rest(connection)


def rest(connection: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(65536):
            answer += data
    return answer

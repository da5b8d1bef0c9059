"""What the tests of the engines do with a sandbox."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.engines.base import LAYOUT, Command, Exit, Sandbox

WORK = LAYOUT.work / "tool/tool"
PYTHON = str(LAYOUT.python)

BUNDLE = b"# the certificates of the test\n"
CONNECT = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as server:
        server.sendall(b"hello")
        server.shutdown(socket.SHUT_WR)
        print(server.makefile().read())
except OSError as error:
    print(type(error).__name__)
"""


def shout(client: socket.socket) -> None:
    """Answer all that is sent in capitals."""
    with client.makefile("rb") as stream:
        client.sendall(stream.read().upper())


@dataclass
class Gateway:
    """A Unix socket that notes each connection's port and lets `reply` answer it."""

    path: Path
    ports: list[int] = field(default_factory=list)
    reply: Callable[[socket.socket], None] = shout

    def serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\n"):
                head += client.recv(1)
            word, _, port = head.partition(b" ")
            assert word == b"PYSIM/1"
            self.ports.append(int(port))
            self.reply(client)


@dataclass
class OwnServer:
    """A server on this machine: its port, and the requests that it got."""

    port: int = 0
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def own_server(host: str) -> Iterator[OwnServer]:
    """A server at an address of this machine that answers everything."""
    server = OwnServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"of this machine\n")

        def do_POST(self) -> None:
            self.do_GET()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer((host, 0), Handler) as listening:
        server.port = listening.server_address[1]
        threading.Thread(target=listening.serve_forever).start()
        yield server
        listening.shutdown()


def run(sandbox: Sandbox, *argv: str, timeout: float | None = 60, as_root: bool = False) -> tuple[Exit, Sequence[str]]:
    """Run a program in the home folder: how it ended, and its lines."""
    lines: list[str] = []
    command = Command(argv=argv, cwd=LAYOUT.home, env=sandbox.environment, timeout=timeout, as_root=as_root)
    return sandbox.run(command, lines.append), lines


def output(sandbox: Sandbox, script: str) -> str:
    """What a shell script prints; it must succeed."""
    done, lines = run(sandbox, "bash", "-e", "-o", "pipefail", "-c", script)
    text = "\n".join(lines)
    assert done.ok, text
    return text


def python(sandbox: Sandbox, code: str) -> str:
    """What Python code prints in the sandbox; it must succeed."""
    done, lines = run(sandbox, str(LAYOUT.python), "-c", code)
    text = "\n".join(lines)
    assert done.ok, text
    return text


def connect(sandbox: Sandbox, host: str, port: int) -> str:
    """What a server answers to `hello`, or the name of the error."""
    _, lines = run(sandbox, str(LAYOUT.python), "-c", CONNECT, host, str(port))
    return "\n".join(lines)

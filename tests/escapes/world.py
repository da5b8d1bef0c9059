"""What is there on the machine for an attempt to find: a secret, servers, sockets and a process."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.engines.driving import OwnServer, own_server
from tests.engines.job_docker import IMAGE


@dataclass(frozen=True, kw_only=True)
class World:
    """`words` are for the attempts; `secret` is in a file, a variable and a process that no sandbox sees."""

    words: Mapping[str, str]
    secret: str
    server: OwnServer


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make it, until it is left."""
    secret = secrets.token_hex(16)
    (folder / "secret.txt").write_text(secret)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(own_server("127.0.0.1"))
        abstract = f"pysim-test-{secrets.token_hex(6)}"
        for address in (f"\0{abstract}", str(folder / "agent.sock")):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        environment = {**os.environ, "SECRET": secret, "SSH_AUTH_SOCK": str(folder / "agent.sock")}
        process = stack.enter_context(subprocess.Popen(["sleep", "600"], env=environment))
        stack.callback(process.kill)
        words = {
            "ABSTRACT": abstract,
            "AGENT": str(folder / "agent.sock"),
            "FOLDER": str(folder),
            "HOME": str(Path.home()),
            "HOST": socket.gethostname(),
            "IMAGE": IMAGE,
            "PID": str(process.pid),
            "PORT": str(server.port),
            "WORK": "/home/runner/work",
        }
        yield World(words=words, secret=secret, server=server)

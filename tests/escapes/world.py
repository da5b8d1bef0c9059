"""What is there for an attempt to find: a secret, servers, sockets and a process of the machine, and a run's twins.

The twins are online, behind a proxy of the machine that notes what leaves and asks nobody, and a name server that knows
a few names.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.indexes import indexes
from simulator.run_events import RunEvent
from simulator.twins.base import JobAccess, JobGrant
from simulator.twins.server import LocalTwins
from simulator.twins.settings import TwinSettings
from tests.engines.driving import OwnServer, own_server
from tests.engines.job_docker import IMAGE
from tests.twins.driving import CLAIMS, REPOSITORY, WRITER
from tests.twins.way_out import WayOut, resolving

_CLOSED_AT = "203.0.113.7"


@dataclass(frozen=True, kw_only=True)
class World:
    """`words` are for the attempts; `secret` is in a file, a variable and a process that no sandbox sees.

    `ran` is what a program of a job would make on this machine, `way_out` the machine's proxy.
    """

    words: Mapping[str, str]
    secret: str
    server: OwnServer
    ran: Path
    way_out: WayOut
    twins: LocalTwins

    def job(self, name: str) -> JobAccess:
        """A new job of the run."""
        grant = JobGrant(job_id=name, id_token=True, claims=CLAIMS, token=TOKEN, permissions=WRITER)
        return self.twins.open_job(grant)


TOKEN = "ghs_escape"


@contextlib.contextmanager
def world(folder: Path, clone: Path) -> Iterator[World]:
    """Make it, until it is left; `clone` is the bare repository of the run."""
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
        way_out = WayOut()
        stack.callback(way_out.close)
        twins = stack.enter_context(_twins(folder, clone, way_out))
        words = {
            "ABSTRACT": abstract,
            "GIT": f"git -c user.name=A -c user.email=a@example.org -c http.extraheader='{_authorization()}'",
            "AUTHORIZATION": _authorization(),
            "AGENT": str(folder / "agent.sock"),
            "CLONE": str(clone),
            "FOLDER": str(folder),
            "HOME": str(Path.home()),
            "HOST": socket.gethostname(),
            "IMAGE": IMAGE,
            "LONG": f"9{secrets.randbelow(10**9)}",
            "PID": str(process.pid),
            "PORT": str(server.port),
            "RAN": str(folder / "ran"),
            "REPOSITORY": REPOSITORY,
            "TOKEN": TOKEN,
            "WORK": "/home/runner/work",
            **_hosts(),
        }
        yield World(words=words, secret=secret, server=server, ran=folder / "ran", way_out=way_out, twins=twins)


def _authorization() -> str:
    """The header by which checkout hands git the job's token."""
    return f"AUTHORIZATION: basic {base64.b64encode(f'x-access-token:{TOKEN}'.encode()).decode()}"


def _hosts() -> Mapping[str, str]:
    index = indexes()["pypi"]
    return {
        "FILES": index.files_host,
        "MAIN": index.main_host,
        "UPLOAD": index.upload_host,
        "UPLOADCAPITALS": index.upload_host.upper(),
    }


@contextlib.contextmanager
def _twins(folder: Path, clone: Path, way_out: WayOut) -> Iterator[LocalTwins]:
    settings = TwinSettings(
        run_id="run-1",
        folder=folder / "run",
        repository=REPOSITORY,
        default_branch="main",
        clone=clone,
        cache=folder / "cache",
        publishers=[],
        baseline=folder / "baseline",
        authority=folder / "authority",
        host_ca=b"",
        proxies={"HTTPS_PROXY": way_out.url, "HTTP_PROXY": way_out.url},
    )
    events: list[RunEvent] = []
    names = {
        indexes()["pypi"].upload_host: _CLOSED_AT,
        "alias.example": _CLOSED_AT,
        "mapped.example": f"::ffff:{_CLOSED_AT}",
        "here.example": "127.0.0.1",
        "here6.example": "::1",
        "metadata.example": "169.254.169.254",
    }
    with pytest.MonkeyPatch.context() as patched, LocalTwins(settings, events.append) as twins:
        patched.setattr(socket, "getaddrinfo", resolving(names))
        yield twins

"""A run's twins, a job in them, and a forwarder that stands for the one in a sandbox.

The forwarder is an HTTP CONNECT proxy on loopback: real clients reach the job's gateway through it. Clients that know
no proxy get a resolver that sends every host to a second listener, which takes all connections as meant for port 443.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import httpx

from simulator.run_events import RunEvent
from simulator.twins.base import JobAccess, JobGrant, Publisher
from simulator.twins.server import LocalTwins
from simulator.twins.settings import TwinSettings

T = TypeVar("T")
OWNER, NAME = "octo", "demo"
REPOSITORY = f"{OWNER}/{NAME}"
CLAIMS = {
    "sub": f"repo:{REPOSITORY}:environment:pypi",
    "ref": "refs/tags/v0.1.0",
    "ref_type": "tag",
    "sha": "a" * 40,
    "repository": REPOSITORY,
    "repository_owner": OWNER,
    "repository_owner_id": "65",
    "repository_id": "123456",
    "event_name": "push",
    "workflow_ref": f"{REPOSITORY}/.github/workflows/pypi.yml@refs/tags/v0.1.0",
    "job_workflow_ref": f"{REPOSITORY}/.github/workflows/pypi.yml@refs/tags/v0.1.0",
    "environment": "pypi",
    "workflow": "Release",
    "workflow_sha": "b" * 40,
    "job_workflow_sha": "c" * 40,
    "runner_environment": "github-hosted",
    "repository_visibility": "public",
    "run_id": "77",
    "run_attempt": "1",
}
WRITER = {"metadata": "read", "contents": "write", "actions": "read"}


class Forwarder:
    """Carries connections from loopback to a Unix socket, each behind the line `PYSIM/1 <port>`."""

    def __init__(self, gateway: Path, port: int | None) -> None:
        self._gateway, self._fixed = gateway, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        inner = socket.socket(socket.AF_UNIX)
        self._open.append(inner)
        with contextlib.suppress(OSError, ValueError, IndexError):
            port = self._fixed or _connect_port(client)
            inner.connect(str(self._gateway))
            inner.sendall(b"PYSIM/1 %d\n" % port)
            back = threading.Thread(target=pump, args=(inner, client), daemon=True)
            back.start()
            pump(client, inner)
            back.join()
        inner.close()
        client.close()


def _connect_port(client: socket.socket) -> int:
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return int(head.split(b" ")[1].rpartition(b":")[2])


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, kw_only=True)
class Job:
    """An open job: its access, the forwarder's ports, and what clients in it need."""

    access: JobAccess
    folder: Path
    ca_file: Path
    proxy: str
    direct_port: int
    http: httpx.Client  # trusts what a sandbox trusts and reaches what it reaches

    @property
    def env(self) -> Mapping[str, str]:
        """A client's whole environment."""
        ca = str(self.ca_file)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "GITHUB_ACTIONS": "true",
            "HTTPS_PROXY": self.proxy,
            "https_proxy": self.proxy,
            "SSL_CERT_FILE": ca,
            "REQUESTS_CA_BUNDLE": ca,
            "CURL_CA_BUNDLE": ca,
            "PIP_CERT": ca,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "NODE_EXTRA_CA_CERTS": ca,
            "GIT_SSL_CAINFO": ca,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            **self.access.run_env,
        }

    @property
    def resolver_env(self) -> Mapping[str, str]:
        """What makes Python resolve every host to the forwarder, for clients that know no proxy."""
        customize = self.folder / "resolver"
        customize.mkdir(exist_ok=True)
        (customize / "sitecustomize.py").write_text(
            "import socket\n"
            f"_here = (socket.AF_INET, socket.SOCK_STREAM, 6, '', ('127.0.0.1', {self.direct_port}))\n"
            "socket.getaddrinfo = lambda *args, **kwargs: [_here]\n"
        )
        return {"PYTHONPATH": str(customize), "HTTPS_PROXY": "", "https_proxy": ""}

    def run(
        self, *argv: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a real client."""
        return subprocess.run(
            [str(word) for word in argv],
            cwd=cwd or self.folder,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@dataclass(kw_only=True)
class Rig:
    """Running twins and what they said."""

    twins: LocalTwins
    settings: TwinSettings
    events: list[RunEvent]
    clock: Clock
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def job(
        self,
        job_id: str = "publish",
        *,
        id_token: bool = True,
        claims: Mapping[str, str] | None = None,
        permissions: Mapping[str, str] | None = None,
    ) -> Job:
        """Open a job whose token is `ghs_<job_id>`; `claims` replace those of a tag push, an empty one is left out."""
        merged = {name: value for name, value in {**CLAIMS, **(claims or {})}.items() if value}
        may = WRITER if permissions is None else permissions
        grant = JobGrant(job_id=job_id, id_token=id_token, claims=merged, token=f"ghs_{job_id}", permissions=may)
        access = self.twins.open_job(grant)
        proxy, direct = Forwarder(access.gateway, None), Forwarder(access.gateway, 443)
        self.stack.callback(proxy.close)
        self.stack.callback(direct.close)
        folder = self.settings.folder.parent / f"job-{job_id}"
        folder.mkdir(exist_ok=True)
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(self.twins.ca_bundle)
        url = f"http://127.0.0.1:{proxy.port}"
        trust = ssl.create_default_context(cafile=str(ca_file))
        http = self.stack.enter_context(httpx.Client(proxy=url, verify=trust, trust_env=False, timeout=30))
        return Job(access=access, folder=folder, ca_file=ca_file, proxy=url, direct_port=direct.port, http=http)

    def seen(self, kind: type[T]) -> list[T]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]


def publisher(**changes: str | float | None) -> Publisher:
    values: dict[str, str | float | None] = {
        "index": "pypi",
        "project": "demo",
        "repository": REPOSITORY,
        "workflow": "pypi.yml",
        "environment": "pypi",
    }
    return Publisher(**{**values, **changes})  # type: ignore[arg-type]


class Start(Protocol):
    """Starts twins whose settings differ from the ordinary ones in what is named."""

    def __call__(self, **changes: object) -> Rig: ...

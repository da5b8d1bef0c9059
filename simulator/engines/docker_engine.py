"""The Docker engine: a container without a network for each sandbox. Knows no workflow and no twin."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.types import LogConfig, Mount
from requests.exceptions import RequestException

from simulator.engines import images
from simulator.engines.agent_sandbox import AgentSandbox
from simulator.engines.base import LAYOUT, EngineName, ProgressSink, SandboxSpec
from simulator.engines.channel import AgentChannel
from simulator.engines.environment import (
    FORWARDER_ADDRESS,
    GATEWAY,
    HOST_NAME,
    INSIDE,
    PROGRAMS,
    agent_argv,
    process_environment,
)
from simulator.errors import EngineError, EngineUnavailableError
from simulator.paths import Owner

_START: Final = "Start Docker (systemctl start docker), or use --engine local."
_LABEL: Final = "pysim"
_TIMEOUT: Final = 120
_STARTS_WITHIN: Final = 60.0
_ENDS_WITHIN: Final = 10
# What the agent (root) needs to start commands as the runner and to end them, and what `sudo` in a job may expect.
_CAPABILITIES: Final = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip
_STDOUT, _STDERR = 1, 2  # streams of the attach protocol (Docker Engine API, "Attach to a container")


class DockerEngine:
    """Opens sandboxes in containers of the local daemon."""

    def __init__(self) -> None:
        self._image: images.Image | None = None

    @property
    def name(self) -> EngineName:
        return "docker"

    @property
    def image(self) -> str:
        return f"{self._image.tag} ({self._image.description})" if self._image else "not chosen yet"

    def check(self) -> str:
        """See `Engine.check`."""
        with _connected() as client:
            return f"Docker {client.version()['Version']}"

    def prepare(self, progress: ProgressSink) -> None:
        """See `Engine.prepare`: finds or makes the image."""
        with _connected() as client, _broken("Docker cannot make the image"):
            self._image = images.find_or_make(client, progress)

    def open(self, spec: SandboxSpec) -> DockerSandbox:
        """See `Engine.open`. Prepares first where that was not done."""
        if self._image is None:
            self.prepare(lambda _: None)
        assert self._image is not None
        return DockerSandbox(spec, self._image)

    def clean(self, run_id: str | None = None) -> Sequence[str]:
        """See `Engine.clean`: containers."""
        with _connected() as client:
            found = client.api.containers(all=True, filters={"label": [f"{_LABEL}=1"]})
            left = [container for container in found if _is_left(container["Labels"], run_id)]
            for container in left:
                _remove(client, container["Id"])
        return [f"container {container['Id'][:12]}" for container in left]

    def remove_images(self) -> Sequence[str]:
        """See `Engine.remove_images`. Raises EngineError when one is in use."""
        self._image = None
        with _connected() as client, _broken("Docker cannot remove an image"):
            return images.remove_all(client)


class DockerSandbox(AgentSandbox):
    """One job's container."""

    def __init__(self, spec: SandboxSpec, image: images.Image) -> None:
        ours = process_environment(spec, image_os=image.environment.get("ImageOS", "linux"))
        super().__init__(spec, {**image.environment, **ours})
        self._image = image

    def _start(self, stack: contextlib.ExitStack) -> AgentChannel:
        client = stack.enter_context(_connected())
        with _broken(f"{self.label} cannot be started"):
            container = self._create(client)
            stack.callback(_remove, client, container)
            client.api.put_archive(container, "/", self._programs())
            channel = AgentChannel(stack.enter_context(_attached(client, container)), label=self.label)
            stack.callback(channel.close)
            client.api.start(container)
        channel.open(timeout=_STARTS_WITHIN)
        return channel

    def _create(self, client: docker.DockerClient) -> str:
        spec = self._spec
        shown = [(spec.gateway, GATEWAY), *((source, inside) for inside, source in spec.mounts.items())]
        made = client.api.create_container(
            image=self._image.tag,
            command=agent_argv(LAYOUT.python, spec, drops_to_user=True),
            entrypoint=[],
            hostname=HOST_NAME,
            user="0:0",
            working_dir="/",
            stdin_open=True,
            use_config_proxy=False,  # the proxies of ~/.docker/config.json, passwords included
            labels={
                _LABEL: "1",
                "pysim.run": spec.run_id,
                "pysim.job": spec.job_id,
                "pysim.owner": str(Owner.current()),
            },
            host_config=client.api.create_host_config(
                auto_remove=True,
                network_mode="none",
                dns=[FORWARDER_ADDRESS],
                cap_drop=["ALL"],
                cap_add=list(_CAPABILITIES),
                log_config=LogConfig(type="none"),
                mounts=[
                    Mount(target=str(inside), source=str(source.resolve()), type="bind", read_only=True)
                    for source, inside in shown
                ],
                security_opt=["label=disable"],  # SELinux would keep the gateway's socket from the container
            ),
        )
        return str(made["Id"])

    def _programs(self) -> bytes:
        """The archive of what a container gets before it starts."""
        files = {PROGRAMS / name: (INSIDE / name).read_bytes() for name in ("agent.py", "forwarder.py")}
        files[LAYOUT.ca_bundle] = self._spec.ca_bundle
        buffer = io.BytesIO()
        with tarfile.open(mode="w", fileobj=buffer) as archive:
            for path, content in files.items():
                entry = tarfile.TarInfo(str(path).lstrip("/"))
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()


class _Stream:
    """The transport to an agent in a container: the attach protocol's frames."""

    def __init__(self, connection: socket.socket, incoming: IO[bytes]) -> None:
        self._connection = connection
        self._incoming = incoming
        self._words = b""

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def receive(self) -> bytes:
        while len(header := self._incoming.read(8)) == 8:
            stream, size = struct.unpack("!BxxxL", header)
            data = self._incoming.read(size)
            if stream == _STDOUT:
                return data
            self._words = (self._words + data)[-4096:]
        return b""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def last_words(self) -> str:
        return self._words.decode(errors="replace")


@contextlib.contextmanager
def _attached(client: docker.DockerClient, container: str) -> Iterator[_Stream]:
    """A container's standard streams; their end ends the container's input."""
    stream: Any = client.api.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    connection = stream._sock  # the SDK has no public way to the socket
    connection.settimeout(None)
    with connection, connection.makefile("rb") as incoming:
        try:
            yield _Stream(connection, incoming)
        finally:
            stream._response.close()


@contextlib.contextmanager
def _connected() -> Iterator[docker.DockerClient]:
    """A client of the local daemon. Raises EngineUnavailableError with what to do."""
    address = os.environ.get("DOCKER_HOST") or _default_address()
    if not address.startswith("unix://"):
        raise EngineUnavailableError(
            f"The Docker daemon at {address} is on another machine, and sandboxes are joined to pysim by a Unix socket",
            hint="Unset DOCKER_HOST to use a daemon on this machine, or use --engine local.",
        )
    _knock(Path(address.removeprefix("unix://")))
    try:
        client = docker.DockerClient(base_url=address, timeout=_TIMEOUT)
    except (DockerException, RequestException) as error:
        raise EngineUnavailableError(f"The Docker daemon does not answer: {error}", hint=_START) from error
    try:
        yield client
    finally:
        client.close()


def _default_address() -> str:
    """Where a daemon listens on this machine: the system's, a rootless one, Docker Desktop's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")
    places = ("/var/run/docker.sock", f"{runtime}/docker.sock", f"{Path.home()}/.docker/run/docker.sock")
    return f"unix://{next((place for place in places if Path(place).exists()), places[0])}"


def _knock(path: Path) -> None:
    """Make sure that someone listens at the daemon's socket: the SDK leaves open what it could not connect."""
    try:
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect(str(path))
    except FileNotFoundError as error:
        raise EngineUnavailableError(f"No Docker daemon: {path} does not exist", hint=_START) from error
    except PermissionError as error:
        raise EngineUnavailableError(
            f"No permission to use Docker's socket {path}", hint="Join the group docker, or use --engine local."
        ) from error
    except OSError as error:
        raise EngineUnavailableError(f"The Docker daemon does not answer at {path}", hint=_START) from error


@contextlib.contextmanager
def _broken(what: str) -> Iterator[None]:
    """Turn the errors of the daemon, and of this machine's disk, into EngineError."""
    try:
        yield
    except (DockerException, OSError) as error:
        reason = error.explanation if isinstance(error, APIError) else str(error)
        raise EngineError(f"{what}: {reason}", hint="`docker info` says whether the daemon is well.") from error


def _is_left(labels: Mapping[str, str], run_id: str | None) -> bool:
    if run_id is not None:
        return labels.get("pysim.run") == run_id
    owner = Owner.parse(labels.get("pysim.owner", ""))
    return owner is None or not owner.alive


def _remove(client: docker.DockerClient, container: str) -> None:
    """End and remove a container; one that is being removed already is waited for."""
    with contextlib.suppress(NotFound, RequestException):
        try:
            client.api.remove_container(container, force=True, v=True)
        except APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            client.api.wait(container, timeout=_ENDS_WITHIN, condition="removed")

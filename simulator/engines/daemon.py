"""The Docker daemon of this machine: how it is reached, what its errors become, and what carries a run's labels."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final

import docker
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from simulator.engines.base import SandboxSpec
from simulator.errors import EngineError, EngineUnavailableError
from simulator.paths import Owner
from simulator.remedies import Act, remedy

START: Final = "Start Docker (systemctl start docker), or use the local engine."
USE_LOCAL: Final = (remedy(Act.USE_ENGINE, "local"),)
LABEL: Final = "pysim"
SANDBOX: Final = "pysim.sandbox"  # the label that a job's own sandbox has, and none of its further containers
FURTHER: Final = "pysim.further"  # the label of those
TIMEOUT: Final = 120
ENDS_WITHIN: Final = 10
_STDERR: Final = 2


def labels(spec: SandboxSpec) -> dict[str, str]:
    """What everything is marked with that a sandbox has in the daemon."""
    return {
        LABEL: "1",
        "pysim.run": spec.run_id,
        "pysim.job": spec.job_id,
        "pysim.owner": str(Owner.current()),
    }


@contextlib.contextmanager
def connected() -> Iterator[docker.DockerClient]:
    """A client of the local daemon. Raises EngineUnavailableError with what to do."""
    address = daemon_address()
    if not address.startswith("unix://"):
        raise EngineUnavailableError(
            f"The Docker daemon at {address} is on another machine, and sandboxes are joined to pysim by a Unix socket",
            hint="Unset DOCKER_HOST to use a daemon on this machine, or use the local engine.",
            remedies=USE_LOCAL,
        )
    _check_listens(Path(address.removeprefix("unix://")))
    try:
        client = docker.DockerClient(base_url=address, timeout=TIMEOUT)
    except (DockerException, RequestException) as error:
        raise EngineUnavailableError(
            f"The Docker daemon does not answer: {error}", hint=START, remedies=USE_LOCAL
        ) from error
    try:
        yield client
    finally:
        client.close()


def daemon_address() -> str:
    """Where the daemon is, as DOCKER_HOST says it."""
    return os.environ.get("DOCKER_HOST") or _default_address()


def _default_address() -> str:
    """Where a daemon listens on this machine: the system's, a rootless one, Docker Desktop's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")
    places = ("/var/run/docker.sock", f"{runtime}/docker.sock", f"{Path.home()}/.docker/run/docker.sock")
    return f"unix://{next((place for place in places if Path(place).exists()), places[0])}"


def _check_listens(path: Path) -> None:
    """Make sure that someone listens at the daemon's socket: the SDK leaves open what it could not connect."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
    except FileNotFoundError as error:
        raise EngineUnavailableError(
            f"No Docker daemon: {path} does not exist", hint=START, remedies=USE_LOCAL
        ) from error
    except PermissionError as error:
        raise EngineUnavailableError(
            f"No permission to use Docker's socket {path}",
            hint="Join the group docker, or use the local engine.",
            remedies=USE_LOCAL,
        ) from error
    except OSError as error:
        raise EngineUnavailableError(
            f"The Docker daemon does not answer at {path}", hint=START, remedies=USE_LOCAL
        ) from error


@contextlib.contextmanager
def daemon_errors(what: str) -> Iterator[None]:
    """Turn the errors of the daemon, and of this machine's disk, into EngineError."""
    try:
        yield
    except (DockerException, OSError) as error:
        reason = error.explanation if isinstance(error, APIError) else str(error)
        raise EngineError(f"{what}: {reason}", hint="`docker info` says whether the daemon is well.") from error


@contextlib.contextmanager
def connection_of(stream: Any) -> Iterator[tuple[socket.socket, IO[bytes]]]:
    """The connection of an attached container or command, as the SDK's `attach_socket` gives it, until it is closed."""
    connection: socket.socket = stream._sock  # the SDK has no public way to the socket
    connection.settimeout(None)
    with connection, connection.makefile("rb") as incoming:
        try:
            yield connection, incoming
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # whoever reads it stops
            stream._response.close()


def frames(incoming: IO[bytes], *, tty: bool = False) -> Iterator[tuple[bytes | None, bytes | None]]:
    """What comes on standard output and on standard error (Docker Engine API, "Attach to a container")."""
    if tty:
        yield from ((data, None) for data in iter(lambda: incoming.read1(1 << 16), b""))  # type: ignore[attr-defined]
        return
    while len(header := incoming.read(8)) == 8:
        kind, size = struct.unpack("!BxxxL", header)
        data = incoming.read(size)
        yield (None, data) if kind == _STDERR else (data, None)


def is_abandoned(marks: Mapping[str, str], run_id: str | None) -> bool:
    """Whether something with these labels is of that run, or of one whose pysim no longer lives."""
    if run_id is not None:
        return marks.get("pysim.run") == run_id
    owner = Owner.parse(marks.get("pysim.owner", ""))
    return owner is None or not owner.alive


def remove(client: docker.DockerClient, container: str) -> None:
    """End and remove a container; one that is being removed already is waited for."""
    with contextlib.suppress(NotFound, RequestException):
        try:
            client.api.remove_container(container, force=True, v=True)
        except APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            client.api.wait(container, timeout=ENDS_WITHIN, condition="removed")


def remove_labelled(
    client: docker.DockerClient, *, run: str | None = None, job: str | None = None, keep: str | None = None
) -> Sequence[str]:
    """Remove the containers, volumes and networks of a run, or of its job, and name them; `keep` is a container."""
    marks = [f"{LABEL}=1", *([f"pysim.run={run}"] if run else []), *([f"pysim.job={job}"] if job else [])]
    removed: list[str] = []
    for container in client.api.containers(all=True, filters={"label": marks}):
        if container["Id"] != keep and is_abandoned(container["Labels"], run):
            remove(client, container["Id"])
            removed.append(f"container {container['Id'][:12]}")
    return [*removed, *_remove_others(client, marks, run)]


def _remove_others(client: docker.DockerClient, marks: Sequence[str], run: str | None) -> Sequence[str]:
    removed: list[str] = []
    for volume in client.api.volumes(filters={"label": marks})["Volumes"] or ():
        if is_abandoned(volume["Labels"], run):
            with contextlib.suppress(APIError):  # of a sandbox that still runs: it goes with it
                client.api.remove_volume(volume["Name"])
                removed.append(f"volume {volume['Name'][:12]}")
    for network in client.api.networks(filters={"label": marks}):
        if is_abandoned(network["Labels"], run):
            with contextlib.suppress(APIError):
                client.api.remove_network(network["Id"])
                removed.append(f"network {network['Name']}")
    return removed

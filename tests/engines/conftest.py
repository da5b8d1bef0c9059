"""Sandboxes and a gateway for the tests of the engines."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.base import Engine, Sandbox, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from tests.engines import driving
from tests.engines.driving import BUNDLE, Gateway, OwnServer
from tests.engines.job_docker import IMAGE, named


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path / "gateway.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(made.path))
        listener.listen()
        thread = threading.Thread(target=made.serve, args=(listener,))
        thread.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def spec(gateway: Gateway) -> SandboxSpec:
    return SandboxSpec(run_id="the-run", job_id="the-job", gateway=gateway.path, ca_bundle=BUNDLE)


@pytest.fixture
def sandbox(engine: Engine, spec: SandboxSpec) -> Iterator[Sandbox]:
    with engine.open(spec) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def image(docker_engine: DockerEngine) -> Iterator[str]:
    """The image of sandboxes by a name that is no name of pysim's own."""
    with named(docker_engine):
        yield IMAGE


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    """A server on this machine's loopback."""
    with driving.own_server("127.0.0.1") as server:
        yield server

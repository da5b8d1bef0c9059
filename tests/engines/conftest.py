"""Engines, sandboxes and a gateway for the tests of the engines."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.base import Engine, Sandbox, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.local_engine import LocalEngine
from tests.engines.driving import BUNDLE, Gateway


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


@pytest.fixture(scope="session")
def local_engine() -> LocalEngine:
    engine = LocalEngine()
    engine.check()
    return engine


@pytest.fixture(scope="session")
def docker_engine(require_docker: None) -> DockerEngine:
    engine = DockerEngine()
    engine.prepare(print)
    return engine


ENGINES = [pytest.param("local", marks=pytest.mark.local), pytest.param("docker", marks=pytest.mark.docker)]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that runs real programs."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture
def sandbox(engine: Engine, spec: SandboxSpec) -> Iterator[Sandbox]:
    with engine.open(spec) as sandbox:
        yield sandbox

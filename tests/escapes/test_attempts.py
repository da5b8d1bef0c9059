"""Every attempt of `attempts/` on every engine that it is for, in one sandbox for each engine."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.base import Engine, Sandbox, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.local_engine import LocalEngine
from tests.engines.job_docker import named
from tests.engines.leftovers import containers
from tests.escapes.attempts import Attempt, attempts
from tests.escapes.world import World, world


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("machine")) as made:
        yield made


def opened(engine: Engine, folder: Path) -> Iterator[Sandbox]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "gateway.sock"))
        spec = SandboxSpec(
            run_id=f"test-{secrets.token_hex(6)}", job_id="job", gateway=folder / "gateway.sock", ca_bundle=b""
        )
        with engine.open(spec) as sandbox:
            yield sandbox
    if engine.name == "docker":
        assert not containers(spec.run_id)


@pytest.fixture(scope="module")
def local(local_engine: LocalEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    yield from opened(local_engine, tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def docker(docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with named(docker_engine):
        yield from opened(docker_engine, tmp_path_factory.mktemp("docker"))


def hold(attempt: Attempt, sandbox: Sandbox, around: World) -> None:
    """Make an attempt: it must get its answer, and neither the secret nor the machine's server."""
    assert around.secret not in attempt.make(sandbox, around.words)
    assert not around.server.asked


@pytest.mark.local
@pytest.mark.parametrize("attempt", attempts("local"), ids=lambda attempt: attempt.name)
def test_local(attempt: Attempt, local: Sandbox, around: World) -> None:
    hold(attempt, local, around)


@pytest.mark.docker
@pytest.mark.parametrize("attempt", attempts("docker"), ids=lambda attempt: attempt.name)
def test_docker(attempt: Attempt, docker: Sandbox, around: World) -> None:
    hold(attempt, docker, around)

"""Real engines for the tests of the runner."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.base import Engine
from tests.engines.conftest import docker_engine, local_engine
from tests.runner.real import nowhere

__all__ = ["docker_engine", "local_engine"]


@pytest.fixture
def gateway() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, nowhere(Path(folder)) as path:
        yield path


@pytest.fixture(
    params=[pytest.param("local", marks=pytest.mark.local), pytest.param("docker", marks=pytest.mark.docker)]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that runs real programs."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine

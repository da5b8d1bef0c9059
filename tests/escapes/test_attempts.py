"""Every attempt of `attempts/` on every engine that it is for, in one sandbox for each engine."""

from __future__ import annotations

import contextlib
import functools
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.engines.base import Engine, Sandbox, SandboxSpec
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.local_engine import LocalEngine
from tests.engines.job_docker import named
from tests.engines.leftovers import containers, eventually, processes
from tests.escapes.attempts import Attempt, attempts, install
from tests.escapes.world import World, world

Sandboxes = Callable[[bool], Sandbox]
"""The sandbox of an engine, by whether it is offline."""


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory, history: Path) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("machine")
    clone = shutil.copytree(history, folder / "demo.git")
    with world(folder, clone) as made:
        yield made
        eventually(lambda: not processes(made.words["LONG"]))


def opened(engine: Engine, around: World) -> Iterator[Sandboxes]:
    run_id = f"test-{secrets.token_hex(6)}"
    with contextlib.ExitStack() as stack:

        @functools.cache
        def sandbox(offline: bool) -> Sandbox:
            access = around.job(f"{engine.name}-{offline}")
            spec = SandboxSpec(
                run_id=run_id,
                job_id="offline" if offline else "job",
                gateway=access.gateway,
                ca_bundle=around.twins.ca_bundle,
                environment=access.run_env,
                offline=offline,
            )
            made = stack.enter_context(engine.open(spec))
            install(made)
            return made

        yield sandbox
    if engine.name == "docker":
        assert not containers(run_id)


@pytest.fixture(scope="module")
def local(local_engine: LocalEngine, around: World) -> Iterator[Sandboxes]:
    yield from opened(local_engine, around)


@pytest.fixture(scope="module")
def docker(docker_engine: DockerEngine, around: World) -> Iterator[Sandboxes]:
    with named(docker_engine):
        yield from opened(docker_engine, around)


def hold(attempt: Attempt, sandboxes: Sandboxes, around: World) -> None:
    """Make an attempt: it must get its answer, and neither the secret nor a thing of the machine or outside."""
    around.way_out.targets.clear()
    for offline in attempt.places:
        assert around.secret not in attempt.make(sandboxes(offline), around.words)
    assert not around.server.asked
    assert not around.ran.exists()
    assert around.way_out.targets == list(attempt.leaves)


@pytest.mark.local
@pytest.mark.parametrize("attempt", attempts("local"), ids=lambda attempt: attempt.name)
def test_local(attempt: Attempt, local: Sandboxes, around: World) -> None:
    hold(attempt, local, around)


@pytest.mark.docker
@pytest.mark.parametrize("attempt", attempts("docker"), ids=lambda attempt: attempt.name)
def test_docker(attempt: Attempt, docker: Sandboxes, around: World) -> None:
    hold(attempt, docker, around)

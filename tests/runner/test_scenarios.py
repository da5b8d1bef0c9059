"""The table of scenarios (`cases/`): all on the fake engine, some on real ones too."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.engines.base import Engine
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.local_engine import LocalEngine
from tests.runner.real import Clock, FastEngine, in_workspace, translated
from tests.runner.scenarios import Scenario, scenarios, tell

FAKE = scenarios("fake")
LOCAL = scenarios("local")
DOCKER = scenarios("docker")
NODE = re.compile(r"  Node \d+ is not here: Node .* runs the action instead\.$")  # as the machine has it


@pytest.mark.parametrize("scenario", FAKE.values(), ids=FAKE)
def test_on_the_fake_engine(scenario: Scenario, tmp_path: Path) -> None:
    ran = scenario.world(tmp_path).run(scenario.workflow)
    assert tell(ran, origins="origins" in scenario.keys) == scenario.expected, scenario.title


def test_the_table_is_large_enough() -> None:
    assert len(FAKE) >= 60
    assert len(DOCKER) >= len(FAKE) / 10
    assert len(LOCAL) >= len(FAKE) / 10


def really(scenario: Scenario, engine: Engine, gateway: Path, temporary: Path) -> str:
    world = scenario.world(temporary)
    actions = {reference: translated(files) for reference, files in world.actions.items()}
    fast = FastEngine(engine=engine, files=in_workspace(world.files))
    ran = replace(world, actions=actions).run_on(fast, scenario.workflow, clock=Clock(), gateway=gateway)
    told = tell(ran, origins="origins" in scenario.keys)
    return "\n".join(line for line in told.split("\n") if not NODE.match(line))


@pytest.mark.local
@pytest.mark.parametrize("scenario", LOCAL.values(), ids=LOCAL)
def test_on_the_local_engine(scenario: Scenario, local_engine: LocalEngine, gateway: Path, tmp_path: Path) -> None:
    assert really(scenario, local_engine, gateway, tmp_path) == scenario.expected, scenario.title


@pytest.mark.docker
@pytest.mark.parametrize("scenario", DOCKER.values(), ids=DOCKER)
def test_on_docker(scenario: Scenario, docker_engine: DockerEngine, gateway: Path, tmp_path: Path) -> None:
    assert really(scenario, docker_engine, gateway, tmp_path) == scenario.expected, scenario.title

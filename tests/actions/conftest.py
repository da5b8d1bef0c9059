"""A driver of built-in actions, alone or in a job of real twins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.driving import Driver
from tests.engines.conftest import docker_engine, engine, local_engine
from tests.twins.conftest import Job, Rig, authority, history, rig, start

__all__ = ["authority", "docker_engine", "engine", "history", "local_engine", "rig", "start"]

JobDriver = Callable[[str], Driver]


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    """Runs actions with no network."""
    return Driver(root=tmp_path / "job")


@pytest.fixture
def in_job(rig: Rig, tmp_path: Path) -> JobDriver:
    """Runs actions in a job of the twins, whose network they reach through the job's gateway."""

    def opened(job_id: str) -> Driver:
        job = rig.job(job_id)
        return Driver(root=tmp_path / f"driven-{job_id}", base=job_environment(job))

    return opened


def job_environment(job: Job) -> dict[str, str]:
    """What the job's actions see beside GitHub's variables.

    No git setting may name /dev/null: root who writes global settings there replaces the device by a file.
    """
    own = {"HOME": str(job.folder), "GIT_CONFIG_GLOBAL": str(job.folder / "gitconfig")}
    return {**job.env, **job.access.action_env, **job.access.script_env, **own}

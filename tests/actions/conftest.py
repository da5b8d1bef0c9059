"""A driver of built-in actions, alone or in a job of real twins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.driving import Driver, JobDriver, job_environment
from tests.twins.driving import Rig
from tests.twins.fixtures import authority, history, rig, start

__all__ = ["authority", "history", "rig", "start"]


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

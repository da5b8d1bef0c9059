"""The trusted publisher that a workflow implies, for a configuration that declares none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from simulator.indexes import IndexName
from simulator.twins.base import Publisher


def implied_publishers(
    projects: Iterable[str], *, repository: str, workflow_path: str, environment: str | None
) -> tuple[Publisher, ...]:
    """What must be registered, on each index, for a job of this workflow to publish these projects."""
    names: tuple[IndexName, ...] = ("pypi", "testpypi")
    return tuple(
        Publisher(
            index=index,
            project=project,
            repository=repository,
            workflow=PurePosixPath(workflow_path).name,
            environment=environment,
            declared=False,
        )
        for index in names
        for project in projects
    )

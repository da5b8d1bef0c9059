"""A plan: the jobs of one workflow for one event, as far as they can be known before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.expressions.language import Value
from simulator.triggers.model import Event
from simulator.workflow.model import Job, Permissions, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedJob:
    """One job of the plan: a matrix combination is a job of its own.

    `key` is unique in the plan (the job's id, with ` (v1, v2)` for a combination); `decision` is what the job's `if:`
    gives on the event alone: "run" (if the jobs before it succeed), "skip", or "later" when it depends on other jobs'
    results. `environment` and `name` are rendered; `permissions` are those of the job's token, every scope that is
    granted. A `deferred` job reads `needs` where it is planned (in its matrix, name, environment, runs-on):
    `plan.expand_job` makes the final ones of it when its needs are done, and until then those fields are what is
    written, `environment` None.
    """

    key: str
    job: Job
    name: str
    needs: tuple[str, ...]  # job ids
    matrix: Mapping[str, Value]
    index: int
    total: int
    decision: Literal["run", "skip", "later"]
    environment: str | None
    runs_on: tuple[str, ...]
    permissions: Permissions
    fail_fast: bool = True
    max_parallel: int | None = None  # None: all at once
    deferred: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a workflow would do for an event; `contexts` are those it was planned with: github, vars, inputs."""

    workflow: Workflow
    event: Event
    jobs: tuple[PlannedJob, ...]
    contexts: Mapping[str, Value] = field(default_factory=dict)

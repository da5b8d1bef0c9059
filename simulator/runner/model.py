"""What a run is given and what it gives back. Frozen; the state machines keep their own state."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal, TypeAlias, cast

from simulator.engines.base import Engine
from simulator.environments.model import Gate, Pause
from simulator.expressions.language import Value
from simulator.planning.model import Plan, PlannedJob
from simulator.run_events import Conclusion, EventSink
from simulator.runner.absent import StandIn
from simulator.triggers.model import RepositoryIdentity
from simulator.twins.base import Twins

SERVER_URL: Final = "https://github.com"
Absent: TypeAlias = Literal["supplied", "missing", "paused"]
TOKEN_MARK: Final = "\ufdd0GITHUB_TOKEN\ufdd0"  # noqa: S105 - no token
"""Stands for the job's own token in a secret that a caller makes of `secrets.GITHUB_TOKEN`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Portion:
    """A part of a plan: its jobs, and the results of those that an earlier attempt of the run did, by key."""

    jobs: tuple[PlannedJob, ...]
    results: Mapping[str, JobResult] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """Everything a run of one workflow needs.

    `gate` judges an environment by its name before a job enters it, and may take its time; `hold` gives a reason why
    a job whose condition holds must not start all the same, or None. `stand_in` makes placeholders for artifacts of a
    job that has no runner here, and says whether it could. `quote` gives a line of a file of the rehearsed
    commit. `images` and `offline` as in `SandboxSpec`. With a `portion` nothing else of the plan is there to run.
    """

    run_id: str  # pysim's own, names the run folder
    number: str  # GitHub's run_id, a decimal string
    plan: Plan
    identity: RepositoryIdentity
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    engine: Engine
    twins: Twins
    gate: Callable[[str, Pause], Gate]
    emit: EventSink
    hold: Callable[[PlannedJob], str | None] = lambda _: None
    stand_in: Callable[[Plan, PlannedJob, Sequence[StandIn]], bool] = lambda _plan, _job, _made: False
    sandbox_environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[PurePosixPath, Path] = field(default_factory=dict)
    environment_secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    supplied: Collection[str] = ()  # names of artifacts that are there from the beginning
    max_jobs: int = 4
    quote: Callable[[str, int], str | None] = lambda _file, _line: None
    images: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    debug: bool = False  # show debug messages, whatever ACTIONS_STEP_DEBUG says
    portion: Portion | None = None
    clock: Callable[[], float] = time.time

    def no_containers(self) -> str | None:
        """Why the engine can open no containers; None where it can."""
        return self.engine.no_containers

    @property
    def github(self) -> dict[str, Value]:
        """The `github` context as the server has it, before a job runs; that of the caller in a called workflow."""
        return {**cast("Mapping[str, Value]", self.plan.contexts["github"]), "run_id": self.number}


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """A step as the `steps` context shows it."""

    outcome: Conclusion
    conclusion: Conclusion
    outputs: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None  # of one that its condition left out

    def context(self) -> dict[str, Value]:
        """The step's entry in the `steps` context."""
        return {"outputs": dict(self.outputs), "outcome": self.outcome.value, "conclusion": self.conclusion.value}


@dataclass(frozen=True, kw_only=True, slots=True)
class JobResult:
    """How a job ended; `refused` when a protection rule kept it from starting; `reason` says why it was not run.

    `absent` says of a job that could not be run here whether others may go on ("supplied", with
    `counts_as` success) or something of it is "missing"; a job that was skipped for that is missing, too.
    """

    planned: PlannedJob
    conclusion: Conclusion
    outputs: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False
    absent: Absent | None = None
    reason: str | None = None

    @property
    def counts_as(self) -> Conclusion:
        """What the jobs that need it see."""
        return Conclusion.SUCCESS if self.absent == "supplied" else self.conclusion

    @property
    def key(self) -> str:
        """The job's key."""
        return self.planned.key

    @property
    def job_id(self) -> str:
        """The job's id in its file; the combinations of a matrix share it."""
        return self.planned.job.id

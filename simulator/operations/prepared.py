"""A prepared rehearsal: what was asked for, the repository as it was read, and the plans that were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.acceptance import Acceptances
from simulator.configuration.values import Configuration
from simulator.operations.actions import Actions
from simulator.operations.ask import Ask
from simulator.operations.cancellation import Cancellation
from simulator.operations.request import Request
from simulator.operations.source import Repository
from simulator.operations.workflow_files import WorkflowFiles
from simulator.paths import RunFolder
from simulator.planning.model import Plan
from simulator.runner.masking import Masker
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.twins.injection.faults import Fault


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRehearsal:
    """All that a rehearsal knows before a job runs.

    `place` is where the twins keep what is theirs, if not in the run's folder. `answers` says by the environment's
    name whether a review approves, and `faults` are those that the stand-ins have.
    """

    request: Request
    root: Path
    folder: RunFolder
    configuration: Configuration
    repository: Repository
    files: WorkflowFiles
    actions: Actions
    plans: tuple[Plan, ...]
    masker: Masker
    ask: Ask | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    answers: Mapping[str, bool] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    place: Path | None = None
    acceptances: Acceptances = field(default_factory=Acceptances)

    @property
    def source(self) -> Source:
        """The commit that is rehearsed."""
        return self.repository.source

    @property
    def identity(self) -> RepositoryIdentity:
        """Who the repository is."""
        return self.repository.identity

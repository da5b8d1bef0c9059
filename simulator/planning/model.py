"""A plan: the jobs of one workflow for one event, as far as they can be known before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.expressions.language import Value
from simulator.triggers.model import Event
from simulator.workflow.calls import RESTRICTED, CalledWorkflow
from simulator.workflow.model import Job, Permissions, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedJob:
    """One job of the plan: a matrix combination is a job of its own.

    `key` is unique in the rehearsal (the job's id, with ` (v1, v2)` for a combination, behind the plan's prefix);
    `workflow` is the file that holds it. `decision` is what the job's `if:` gives on the event alone: "run" (if the
    jobs before it succeed), "skip", or "later" when it depends on other jobs' results. `environment` and `name` are
    rendered; `permissions` are those of the job's token, every scope that is granted; `at_most` are more where the
    repository's setting decides, and is not known. A `deferred` job reads what is known later where it is planned (in
    its matrix, name, environment, runs-on): `plan.expand_job` makes the final ones of it when
    its needs are done, and until then those fields are what is written, `environment` None.
    """

    key: str
    job: Job
    workflow: Workflow
    name: str
    needs: tuple[str, ...]  # job ids
    matrix: Mapping[str, Value]
    index: int
    total: int
    decision: Literal["run", "skip", "later"]
    environment: str | None
    runs_on: tuple[str, ...]
    permissions: Permissions
    at_most: Permissions = field(default_factory=dict)
    fail_fast: bool = True
    max_parallel: int | None = None  # None: all at once
    deferred: bool = False

    @property
    def strategy(self) -> dict[str, Value]:
        """The `strategy` context of a job of a matrix, or of a matrix of one."""
        return {
            "fail-fast": self.fail_fast,
            "job-index": self.index,
            "job-total": self.total,
            "max-parallel": self.max_parallel or self.total,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Inherited:
    """What a plan has from outside its workflow file: what the keys and the names of its jobs begin with.

    For a workflow that a job calls, `called` is its file as it is called, `ceiling` what the job's token may do and
    `needs` what it waits for, with the prefix of its own plan. `late` are its inputs that are not known yet, in lower
    case. `default` is what jobs may do whose files give nothing. `most` and
    `most_ceiling` are what `default` and `ceiling` are if the repository's setting gives more, where it is not known.
    """

    key_prefix: str = ""
    name_prefix: str = ""
    needs: tuple[str, ...] = ()
    called: CalledWorkflow | None = None
    ceiling: Permissions | None = None
    late: frozenset[str] = frozenset()
    default: Permissions = field(default_factory=lambda: RESTRICTED)
    most: Permissions = field(default_factory=lambda: RESTRICTED)
    most_ceiling: Permissions | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a workflow would do for an event; `contexts` are those it was planned with: github, vars, inputs.

    `calls` are the workflows that its jobs call, by job id. A called workflow has a plan of its own, whose jobs know
    of no others (`planning.calls`).
    """

    workflow: Workflow
    event: Event
    jobs: tuple[PlannedJob, ...]
    contexts: Mapping[str, Value] = field(default_factory=dict)
    calls: Mapping[str, CalledWorkflow] = field(default_factory=dict)
    inherited: Inherited = Inherited()

"""What is shown of a plan: the workflows of a repository and what an event makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from simulator.diagnostics import Diagnostic
from simulator.positions import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """A job of a plan; a combination of a matrix is one of its own.

    `decision` is "later" where only the run can tell. `image` is what stands behind the runner's label, "" when that is
    not known. `calls` is the workflow that the job calls; the jobs of that come after it, their `within` its key.
    A `deferred` job is not expanded, as it reads the outputs of another; one that runs `always` does so whatever
    becomes of those that it needs.
    """

    key: str
    id: str
    name: str
    line: int
    needs: Sequence[str] = ()
    decision: Literal["run", "skip", "later"]
    condition: str = ""
    matrix: Mapping[str, object] = field(default_factory=dict)
    deferred: bool = False
    always: bool = False
    environment: str | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    runs_on: Sequence[str] = ()
    image: str = ""
    calls: str | None = None
    within: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowView:
    """A workflow: whether it starts and why; `rehearsed` says whether a rehearsal runs it, and `note` why or why not.

    `fault` is what keeps GitHub from running it. `events` are those of its `on`.
    """

    path: str
    name: str | None
    events: Sequence[str] = ()
    starts: bool = False
    reason: str = ""
    place: Span | None = None
    rehearsed: bool = False
    note: str = ""
    fault: str | None = None
    jobs: Sequence[JobView] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class UnheardView:
    """A release or tag that `job` of the workflow `maker` makes with GITHUB_TOKEN, and `listener` waits for in vain."""

    maker: str
    job: str
    what: str
    made: Literal["release", "tag"]
    listener: str
    event: str
    place: Span
    happens: bool  # whether the event of this plan leads to it


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanView:
    """A plan: `event` in words, such as "push of tag v1.2.3"; `problems` are what is wrong with the files."""

    event: str
    repository: str
    sha: str
    workflows: Sequence[WorkflowView]
    unheard: Sequence[UnheardView] = ()
    notices: Sequence[str] = ()
    problems: Sequence[Diagnostic] = ()


class PlanRenderer(Protocol):
    """Makes the whole output, without the last line feed."""

    def __call__(self, plan: PlanView, /) -> str: ...

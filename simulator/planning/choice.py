"""Which of the started workflows are rehearsed: those with a job that may publish; where no workflow has one, all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulator.planning.permissions import permissions_of
from simulator.planning.tools import publishing_step
from simulator.workflow.calls import CalledWorkflow
from simulator.workflow.model import Job, Workflow

_BY_TOKEN: Final = "has id-token: write"  # noqa: S105 - no token


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Whether a started workflow is rehearsed, and why or why not, as the end of a sentence about it."""

    workflow: Workflow
    rehearsed: bool
    reason: str


def choose(
    workflows: Sequence[Workflow],
    calls: Mapping[str, Mapping[str, CalledWorkflow]] | None = None,
    *,
    run_all: bool = False,
    elsewhere: bool = False,
) -> tuple[Choice, ...]:
    """A choice for each started workflow, in order; with `run_all` all of them are rehearsed.

    `calls` are the workflows that their jobs call, as far as they are at hand: by the file's path, then by job id.
    `elsewhere` says that another workflow publishes, one that is not started: then none is rehearsed for want of it.
    """
    reasons = {workflow.path: _why(workflow, (calls or {}).get(workflow.path, {})) for workflow in workflows}
    publishing = likeliest(reasons)
    return tuple(
        _choice(
            workflow,
            reasons[workflow.path] if workflow.path in publishing else None,
            run_all=run_all,
            nobody=not publishing and not elsewhere,
        )
        for workflow in workflows
    )


def likeliest(reasons: Mapping[str, str | None]) -> frozenset[str]:
    """Of what may publish, by the reasons: what does so by an action or a command, or, where nothing does, by a token.

    A token may be for something else.
    """
    may = {name for name, reason in reasons.items() if reason}
    return frozenset({name for name in may if not str(reasons[name]).endswith(_BY_TOKEN)} or may)


def _choice(workflow: Workflow, why: str | None, *, run_all: bool, nobody: bool) -> Choice:
    if why is not None:
        return Choice(workflow=workflow, rehearsed=True, reason=why)
    if run_all:
        return Choice(workflow=workflow, rehearsed=True, reason="it was asked for")
    if nobody:
        return Choice(
            workflow=workflow, rehearsed=True, reason="no workflow that starts may publish, so all are rehearsed"
        )
    return Choice(workflow=workflow, rehearsed=False, reason="none of its jobs may publish")


def _why(workflow: Workflow, calls: Mapping[str, CalledWorkflow]) -> str | None:
    """What says that a workflow may publish: a tool, or else a token."""
    found = {job.id: _why_job(workflow, job, calls.get(job.id)) for job in workflow.jobs.values()}
    reasons = [f"its job {name} {reason}" for name, reason in found.items() if reason]
    return next((reason for reason in reasons if not reason.endswith(_BY_TOKEN)), next(iter(reasons), None))


def _why_job(workflow: Workflow, job: Job, called: CalledWorkflow | None) -> str | None:
    if called is None:
        return publishing_reason(workflow, job)
    reason = _why(replace(called.workflow, permissions=called.permissions), called.calls)
    return reason and f"calls {called.reference}, where {reason}"


def publishing_jobs(workflow: Workflow, calls: Mapping[str, CalledWorkflow]) -> frozenset[str]:
    """The ids of the jobs that may publish: by an action or a command, or, where none has one, by their token."""
    return likeliest({job.id: _why_job(workflow, job, calls.get(job.id)) for job in workflow.jobs.values()})


def may_publish(workflow: Workflow, job: Job) -> bool:
    """Whether a job may publish: its token, an action or a command says so."""
    return publishing_reason(workflow, job) is not None


def may_publish_by_token(workflow: Workflow, job: Job) -> bool:
    """Whether nothing but `id-token: write` says that a job may publish: other services take such tokens, too."""
    return publishing_reason(workflow, job) == _BY_TOKEN


def publishing_reason(workflow: Workflow, job: Job) -> str | None:
    """What says that a job may publish, such as "has id-token: write", or None."""
    tools = (reason for step in job.all_steps if (reason := publishing_step(step)))
    found = next(tools, None)
    if found is None and permissions_of(workflow, job).get("id-token") == "write":
        return _BY_TOKEN
    return found

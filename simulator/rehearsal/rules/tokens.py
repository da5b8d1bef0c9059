"""Rules of ID tokens: whether a job that publishes or signs may fetch one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.actions.facts import signing_scopes
from simulator.diagnostics import Severity
from simulator.planning.permissions import permissions_of
from simulator.planning.tools import action_name
from simulator.rehearsal.rule import rule
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import Publishing, called_by, may_mint, publishing
from simulator.workflow.model import Job, Step, Workflow


@rule(
    "missing-id-token",
    Severity.ERROR,
    summary="A job publishes without a credential and has no `id-token: write`.",
    why="Trusted publishing needs an ID token, which GitHub never grants by default.",
)
def missing_id_token(subject: Subject) -> Iterator[Problem]:
    for found in _tokenless(subject.workflow):
        if not _dropped(subject.workflow, found.job):
            yield Problem(
                span=found.span,
                message=f"Job {found.job.id} {found.what} without a credential, and may not fetch an ID token: "
                "GitHub never grants id-token by default",
                hint=f"Below `{found.job.id}:` add\n    permissions:\n      id-token: write",
            )
    yield from _called_tokenless(subject)


def _called_tokenless(subject: Subject) -> Iterator[Problem]:
    """Jobs that call a publishing workflow, which leaves permissions to its callers, without id-token: write."""
    for job in subject.workflow.jobs.values():
        called = called_by(job, subject.others)
        if called is None or _may_be_granted(subject.workflow, job):
            continue
        for found in publishing(called):
            if found.trusted and called.permissions is None and found.job.permissions is None:
                yield Problem(
                    span=job.uses.span if job.uses else job.span,
                    message=f"Job {job.id} calls {called.path}, whose job {found.job.id} {found.what} without a "
                    "credential, and hands it no permission to fetch an ID token",
                    hint=f"Below `{job.id}:` add\n    permissions:\n      id-token: write",
                )


@rule(
    "dropped-id-token",
    Severity.ERROR,
    summary="The workflow grants `id-token: write`, and the publishing job's own `permissions` drop it.",
    why="A job's block replaces the workflow's wholly.",
)
def dropped_id_token(subject: Subject) -> Iterator[Problem]:
    for found in _tokenless(subject.workflow):
        if _dropped(subject.workflow, found.job):
            yield Problem(
                span=found.job.span,
                message=f"The `permissions` of job {found.job.id} drop the id-token: write of the workflow: a job's "
                "block replaces the workflow's wholly",
                hint=f"Add id-token: write to the `permissions` of {found.job.id}.",
            )


@rule(
    "missing-signing-permission",
    Severity.ERROR,
    summary="A job signs or attests, and its `permissions` lack what that needs (a warning under a condition).",
    why="Signing needs an ID token, and an attestation `attestations: write`: the step fails without.",
)
def missing_signing_permission(subject: Subject) -> Iterator[Problem]:
    tokenless = {found.job.id for found in _tokenless(subject.workflow)}
    for job in subject.workflow.jobs.values():
        granted = permissions_of(subject.workflow, job)
        for step in job.all_steps if not _left_to_callers(subject.workflow, job) else ():
            needed = signing_scopes(action_name(step.uses.value)) if step.uses else ()
            lacking = [scope for scope in needed if granted.get(scope) != "write"]
            if step.uses is None or not set(lacking) - ({"id-token"} if job.id in tokenless else set()):
                continue
            yield Problem(
                span=step.uses.span,
                message=f"Job {job.id} may not do what {step.uses.value} needs: "
                f"{' and '.join(f'{scope}: write' for scope in lacking)}",
                hint=_signing_hint(subject.workflow, job, lacking),
                severity=Severity.WARNING if _is_conditional(job, step) else Severity.ERROR,
            )
            break


def _signing_hint(workflow: Workflow, job: Job, lacking: Sequence[str]) -> str:
    lines = "".join(f"\n      {scope}: write" for scope in lacking)
    if job.permissions is not None:
        return f"Add to the `permissions` of {job.id}:{lines}"
    if workflow.permissions is not None:
        return f"Add to the `permissions` of the workflow:{lines}"
    return f"Below `{job.id}:` add\n    permissions:\n      contents: read{lines}"


def _is_conditional(job: Job, step: Step) -> bool:
    """Whether the job may do without the step."""
    return bool(job.condition.source or step.condition.source or step.continue_on_error)


def _tokenless(workflow: Workflow) -> Iterator[Publishing]:
    """The first trusted publishing step of each job that may not fetch a token."""
    seen: set[str] = set()
    for found in publishing(workflow):
        if found.trusted and not _may_be_granted(workflow, found.job) and found.job.id not in seen:
            seen.add(found.job.id)
            yield found


def _may_be_granted(workflow: Workflow, job: Job) -> bool:
    """Whether the job may mint, or is called by a workflow that decides (no `permissions` are written here)."""
    return may_mint(workflow, job) or _left_to_callers(workflow, job)


def _left_to_callers(workflow: Workflow, job: Job) -> bool:
    """Whether a workflow that calls this one decides what the job may do."""
    silent = workflow.permissions is None and job.permissions is None
    return silent and "workflow_call" in workflow.triggers


def _dropped(workflow: Workflow, job: Job) -> bool:
    given = workflow.permissions or {}
    return given.get("id-token") == "write" and job.permissions is not None

"""Rules of ID tokens: who may fetch one, and what else runs beside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.diagnostics import Severity
from simulator.planning.tools import building_step
from simulator.rehearsal.rules.model import Problem, Subject
from simulator.rehearsal.rules.release import Publishing, called_by, may_mint, publishing, publishing_of
from simulator.workflow.model import Job, Workflow

_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"(?:release/)?v?\d[\w.+-]*")


def missing_id_token(subject: Subject) -> Iterator[Problem]:
    """A trusted publishing step in a job without id-token: write."""
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


def dropped_id_token(subject: Subject) -> Iterator[Problem]:
    """The workflow grants id-token: write, and the publishing job's own block takes it away."""
    for found in _tokenless(subject.workflow):
        if _dropped(subject.workflow, found.job):
            yield Problem(
                span=found.job.span,
                message=f"The `permissions` of job {found.job.id} drop the id-token: write of the workflow: a job's "
                "block replaces the workflow's wholly",
                hint=f"Add id-token: write to the `permissions` of {found.job.id}.",
            )


def _tokenless(workflow: Workflow) -> Iterator[Publishing]:
    """The first trusted publishing step of each job that may not fetch a token."""
    seen: set[str] = set()
    for found in publishing(workflow):
        if found.trusted and not _may_be_granted(workflow, found.job) and found.job.id not in seen:
            seen.add(found.job.id)
            yield found


def _may_be_granted(workflow: Workflow, job: Job) -> bool:
    """Whether the job may mint, or is called by a workflow that decides (no `permissions` are written here)."""
    silent = workflow.permissions is None and job.permissions is None
    return may_mint(workflow, job) or (silent and "workflow_call" in workflow.triggers)


def _dropped(workflow: Workflow, job: Job) -> bool:
    given = workflow.permissions or {}
    return given.get("id-token") == "write" and job.permissions is not None


def unpinned_action(subject: Subject) -> Iterator[Problem]:
    """An action in a publishing job that may mint tokens is not pinned to a commit."""
    workflow = subject.workflow
    for job in workflow.jobs.values():
        if not may_mint(workflow, job) or not any(publishing_of(workflow, job)):
            continue
        for step in job.all_steps:
            uses = step.uses.value if step.uses else "./"
            if uses.startswith(("./", "$/", "docker://")) or step.uses is None:
                continue
            name, _, ref = uses.partition("@")
            if not _COMMIT.fullmatch(ref):
                moving = not _VERSION.fullmatch(ref)
                kind = "branch" if moving else "tag or release branch"
                yield Problem(
                    span=step.uses.span,
                    message=f"{uses} names a {kind} that its owner can move, in a job that may publish",
                    hint=f"Pin it to a commit: {name}@<40 digits> # {ref}",
                    severity=Severity.WARNING if moving else Severity.NOTICE,
                )


def build_and_publish(subject: Subject) -> Iterator[Problem]:
    """Distributions are built in the job that publishes them with a token."""
    workflow = subject.workflow
    for job in workflow.jobs.values():
        found = next(publishing_of(workflow, job), None)
        built = next(((step, what) for step in job.all_steps if (what := building_step(step))), None)
        if found is None or built is None or not may_mint(workflow, job):
            continue
        step, what = built
        yield Problem(
            span=step.uses.span if step.uses else step.span,
            message=f"Job {job.id} {what} where it may also fetch tokens for publishing: every build dependency "
            "could publish in your name",
            hint="Build in a job of its own without id-token: write, and hand the files over as an artifact.",
        )

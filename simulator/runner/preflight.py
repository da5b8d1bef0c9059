"""What a plan asks for that pysim cannot carry out: said before anything runs, never counted as success."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from simulator.actions.survey import UNVERIFIED, ActionSurvey
from simulator.findings import Finding, Severity
from simulator.planning.calls import all_jobs, foreseen_jobs
from simulator.planning.model import Plan
from simulator.positions import Located
from simulator.runner.absent import runner_findings
from simulator.workflow.model import Job


def preflight(
    plan: Plan,
    actions: ActionSurvey,
    supplied: Collection[str] = (),
    no_containers: Callable[[], str | None] = lambda: None,
    now: float | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with jobs and steps, what of them cannot be rehearsed, and what there is to say of their actions.

    `actions` knows afterwards which they are, and which could not be had. Called workflows are looked into, those too
    whose inputs depend on results. `supplied` are the names of artifacts that the user supplies; `no_containers` is
    asked, where a job has containers, why there can be none. `now` is when the jobs run, in seconds since the epoch;
    None for the present.
    """
    jobs = list(all_jobs(plan))
    files = {plan.workflow.path: plan.workflow} | {workflow.path: workflow for workflow, _ in jobs}
    found = [
        *(_unknown_key(plan, key) for workflow in files.values() for key in workflow.unsupported),
        *(_holding(finding, plan, job) for _, job in jobs for finding in _job(job, actions)),
        *(finding for _, job in jobs for finding in _services(job)),
        *runner_findings(list(foreseen_jobs(plan)), supplied, no_containers, time.time() if now is None else now),
    ]
    return tuple(dict.fromkeys(found))


def _job(job: Job, actions: ActionSurvey) -> Iterator[Finding]:
    for step in job.all_steps:
        if step.uses is not None:
            yield from actions.findings(step.uses.value, step.uses.span, surely=not step.condition.source)


def _holding(finding: Finding, plan: Plan, job: Job) -> Finding:
    """The finding; one that keeps a rehearsal from being whole names the jobs that it does so of."""
    if finding.code != UNVERIFIED:
        return finding
    planned = [each for _, each in foreseen_jobs(plan)]
    keys = [each.key for each in planned if each.job is job] or [each.key for each in planned]
    return replace(finding, unrehearsed=tuple(keys))


def _services(job: Job) -> Iterator[Finding]:
    """Services that the job's steps cannot reach."""
    for name, service in job.services.items():
        published = service.ports or (service.options is not None and "-p" in service.options.source)
        if job.container is None and not published and service.image is not None and service.image.source:
            yield Finding(
                code="service-unreachable",
                severity=Severity.WARNING,
                message=f"No step of job {job.id} can reach the service {name} at GitHub: it publishes no port",
                where=service.span,
                hint="Add ports:, as in `ports: ['5432:5432']`. In pysim all containers of a job have one localhost.",
            )


def _unknown_key(plan: Plan, key: Located[str]) -> Finding:
    word = key.value if ":" in key.value else f"{key.value}:"
    return Finding(
        code="key-not-rehearsed",
        severity=Severity.WARNING,
        message=f"The workflow uses `{word}`, which pysim does not carry out yet",
        where=key.span,
        hint=f"See to it yourself what `{word}` does.",
        unrehearsed=tuple(job.key for _, job in foreseen_jobs(plan)),
    )

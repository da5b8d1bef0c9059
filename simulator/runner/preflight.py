"""What a plan asks for that pysim cannot carry out: said before anything runs, never counted as success."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from simulator.actions.survey import ActionSurvey
from simulator.findings import Finding, Severity
from simulator.planning.calls import all_jobs, foreseen_jobs, missing_calls
from simulator.planning.model import Plan
from simulator.positions import Located, Span
from simulator.remedies import Act, Remedy, remedy
from simulator.runner.absent import runner_findings
from simulator.workflow.model import Job


def preflight(
    plan: Plan,
    actions: ActionSurvey,
    supplied: Collection[str] = (),
    no_containers: Callable[[], str | None] = lambda: None,
) -> tuple[Finding, ...]:
    """An error for each job and step that cannot be rehearsed, and what there is to say of the actions that are used.

    `actions` knows afterwards which they are, and which could not be had. Called workflows are looked into, those too
    whose inputs depend on results. `supplied` are the names of artifacts that the user supplies; `no_containers` is
    asked, where a job has containers, why there can be none.
    """
    jobs = list(all_jobs(plan))
    files = {workflow.path: workflow for workflow, _ in jobs}
    found = [
        *(_unknown_key("The workflow", key) for key in plan.workflow.unsupported),
        *(_unknown_key("The workflow", key) for workflow in files.values() for key in workflow.unsupported),
        *(finding for _, job in jobs for finding in _job(job, actions)),
        *(finding for _, job in jobs for finding in _containers(job, no_containers)),
        *(finding for call in missing_calls(plan) for finding in _call(call)),
        *runner_findings(list(foreseen_jobs(plan)), supplied),
    ]
    return tuple(dict.fromkeys(found))


def _call(job: Job) -> Iterator[Finding]:
    if job.uses is not None:
        yield _unsupported(
            f"Job {job.id} calls the workflow {job.uses.value}, which is not at hand",
            job.uses.span,
            "Choose another workflow, or copy the file into this repository.",
            remedy(Act.CHOOSE_WORKFLOW),
        )


def _job(job: Job, actions: ActionSurvey) -> Iterator[Finding]:
    for key in job.unsupported:
        yield _unknown_key(f"Job {job.id}", key)
    for step in job.all_steps:
        if step.uses is not None:
            yield from actions.findings(step.uses.value, step.uses.span, surely=not step.condition.source)


def _containers(job: Job, no_containers: Callable[[], str | None]) -> Iterator[Finding]:
    """The containers of a job where there are none, and services that its steps cannot reach."""
    wanted = [*([job.container] if job.container else []), *job.services.values()]
    if wanted and (reason := no_containers()) is not None:
        yield _unsupported(
            f"Job {job.id} uses containers, and {reason}",
            wanted[0].span,
            "Start Docker, and use the docker engine.",
            remedy(Act.USE_ENGINE, "docker"),
        )
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


def _unknown_key(where: str, key: Located[str]) -> Finding:
    word = key.value if ":" in key.value else f"{key.value}:"
    return _unsupported(
        f"{where} uses `{word}`, which pysim does not carry out yet",
        key.span,
        f"Leave `{word}` out for the rehearsal, or choose another workflow.",
        remedy(Act.CHOOSE_WORKFLOW),
    )


def _unsupported(message: str, span: Span, hint: str, *remedies: Remedy) -> Finding:
    return Finding(
        code="unsupported", severity=Severity.ERROR, message=message, where=span, hint=hint, remedies=remedies
    )

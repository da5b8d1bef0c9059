"""What a plan asks for that pysim cannot carry out: said before anything runs, never counted as success."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.actions.model import Reference
from simulator.actions.reference import ReferenceSyntaxError, parse_reference
from simulator.actions.resolve import outside_models
from simulator.errors import SimulatorError
from simulator.findings import Finding, Severity
from simulator.planning.model import Plan, PlannedJob
from simulator.positions import Span


def preflight(plan: Plan, check: Callable[[Reference], object]) -> tuple[Finding, ...]:
    """An error for each job and step that cannot be rehearsed; `check` raises SimulatorError for an unknown action."""
    jobs = {job.job.id: job for job in plan.jobs if job.decision != "skip"}
    return tuple(finding for job in jobs.values() for finding in _job(job, check))


def _job(planned: PlannedJob, check: Callable[[Reference], object]) -> Iterator[Finding]:
    job = planned.job
    if job.uses is not None:
        yield _unsupported(
            f"Job {job.id} calls the workflow {job.uses.value}, and pysim does not run reusable workflows yet",
            job.uses.span,
            "Rehearse the called workflow by itself, or write its jobs into this file.",
        )
    for key in job.unsupported:
        yield _unsupported(
            f"Job {job.id} uses `{key.value}:`, which pysim does not carry out yet",
            key.span,
            f"Leave `{key.value}:` out for the rehearsal, or choose another workflow with -W.",
        )
    if job.uses is None and not any(_is_ubuntu(label) for label in planned.runs_on):
        labels = ", ".join(planned.runs_on)
        span = job.runs_on[0].span if job.runs_on else job.span
        yield _unsupported(
            f"Job {job.id} runs on {labels}, and pysim has Linux runners (ubuntu-*) alone",
            span,
            "Choose a workflow without this job with -W.",
        )
    for step in job.steps:
        if step.uses is not None:
            yield from _action(step.uses.value, step.uses.span, check)


def _is_ubuntu(label: str) -> bool:
    return label.lower().startswith("ubuntu-")


def _action(uses: str, span: Span, check: Callable[[Reference], object]) -> Iterator[Finding]:
    try:
        reference = parse_reference(uses)
    except ReferenceSyntaxError as error:
        yield _unsupported(str(error), span, "Write owner/repo@ref, ./path or docker://image.")
        return
    try:
        check(reference)
    except SimulatorError as error:
        yield _unsupported(str(error), span, error.hint)
        return
    outside = outside_models(reference, span)
    if outside is not None:
        yield outside


def _unsupported(message: str, span: Span, hint: str) -> Finding:
    return Finding(code="unsupported", severity=Severity.ERROR, message=message, where=span, hint=hint)

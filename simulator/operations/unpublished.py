"""A tag or a release by which nothing was published, though a job or a step is there that publishes: why not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulator.findings import Finding, Severity
from simulator.indexes import IndexName
from simulator.planning.choice import likeliest, publishing_reason
from simulator.planning.tools import publishing_step
from simulator.positions import Span
from simulator.rehearsal.observer import SkippedStep
from simulator.rehearsal.rules.release import publishing_of
from simulator.remedies import Act, remedy
from simulator.run_events import Conclusion
from simulator.runner.model import JobResult
from simulator.workflow.model import Condition

_RELEASE: Final = (
    "Nothing would be published by the tag alone. The workflow starts for a release, too: rehearse that, if it is what "
    "publishes; else mend the condition."
)


def publishing_results(results: Sequence[JobResult]) -> list[JobResult]:
    """Those of the jobs that publish: by an action or a command, or, where none has one, by their token."""
    publishing = likeliest({each.key: publishing_reason(each.planned.workflow, each.planned.job) for each in results})
    return [each for each in results if each.key in publishing]


def not_published(
    results: Sequence[JobResult],
    indexes: Collection[IndexName],
    skipped: Sequence[SkippedStep],
    found: Sequence[Finding],
    event: str,
) -> Iterator[Finding]:
    """What a tag or a release did not publish: an error for each publishing job or step that was left out.

    `event` is the one that is rehearsed, `indexes` are those that took files, `skipped` the steps that were left out.
    Where an index took files, only a warning for those that publish to PyPI, when it took none. Nothing where an
    error says it already, or a job failed.
    """
    failed = any(each.conclusion in {Conclusion.FAILURE, Conclusion.CANCELLED} for each in results)
    if failed or "pypi" in indexes or any(each.severity is Severity.ERROR for each in found):
        return
    for result in sorted(publishing_results(results), key=_is_for_pypi, reverse=True):
        if indexes and not _is_for_pypi(result):
            continue
        later = event == "push" and "release" in result.planned.workflow.triggers
        for finding in map(_as_finding, left_out(result, skipped)):
            told = (
                replace(finding, hint=_RELEASE, remedies=(remedy(Act.CHOOSE_EVENT, "release"),)) if later else finding
            )
            yield replace(told, severity=Severity.WARNING) if indexes else told


def _is_for_pypi(result: JobResult) -> bool:
    return any(each.index == "pypi" for each in publishing_of(result.planned.workflow, result.planned.job))


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A job that publishes and was skipped, or a step of it (`step` is its name), and why, where that was said."""

    key: str
    condition: Condition
    where: Span
    reason: str | None
    step: str | None = None


def left_out(result: JobResult, skipped: Sequence[SkippedStep]) -> Iterator[LeftOut]:
    """What of a publishing job was left out: the job, or steps of it that publish."""
    job = result.planned.job
    if result.conclusion is Conclusion.SKIPPED and result.absent is None:
        place = job.condition.span if job.condition.source else job.span
        yield LeftOut(key=result.key, condition=job.condition, where=place, reason=result.reason)
        return
    steps = {step.span: step for step in job.all_steps if publishing_step(step) is not None}
    for each in skipped:
        if each.job_id == result.key and isinstance(each.span, Span) and each.span in steps:
            condition = steps[each.span].condition
            yield LeftOut(key=result.key, condition=condition, where=each.span, reason=each.reason, step=each.name)


def _as_finding(found: LeftOut) -> Finding:
    if found.step is None:
        reason = found.reason or "its condition is false"
        return _finding(f"Job {found.key} publishes, and was skipped: {reason}", found.where)
    return _finding(f"A step of job {found.key} publishes, and was skipped ({found.step}): {found.reason}", found.where)


def _finding(message: str, where: Span | None) -> Finding:
    return Finding(
        code="publish-skipped",
        severity=Severity.ERROR,
        message=message,
        where=where,
        hint="Nothing would be published by this. Mend the condition, or rehearse the event that is to publish.",
    )

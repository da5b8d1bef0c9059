"""What publishes and was left out for a variable of the repository that nobody told of: GitHub may well have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.findings import Finding, Severity
from simulator.operations.unpublished import publishing_results
from simulator.planning.tools import publishing_step
from simulator.positions import Span
from simulator.rehearsal.observer import SkippedStep
from simulator.run_events import Conclusion
from simulator.runner.model import JobResult
from simulator.workflow.model import Condition


def hung_on_variables(results: Sequence[JobResult], skipped: Sequence[SkippedStep]) -> Iterator[Finding]:
    """A warning for each publishing job or step that is left out by a condition on a variable."""
    for result in publishing_results(results):
        job = result.planned.job
        if result.conclusion is Conclusion.SKIPPED and result.absent is None:
            yield from _found(result.key, job.condition, result.reason or "", f"Job {result.key} publishes")
        steps = {step.span: step for step in job.all_steps if publishing_step(step) is not None}
        for each in (each for each in skipped if each.job_id == result.key and each.span in steps):
            condition = steps[each.span].condition if isinstance(each.span, Span) else None
            if condition is not None:
                yield from _found(result.key, condition, each.reason, f"A step of job {result.key} publishes")


def _found(key: str, condition: Condition, reason: str, what: str) -> Iterator[Finding]:
    """`reason` shows the part of the condition that was false."""
    names = [each[1] for each in condition.expression.references() if each[0] == "vars" and len(each) > 1]
    name = next((each for each in names if f"vars.{each}" in reason), None)
    if name is not None:
        yield Finding(
            code="variable-not-known",
            severity=Severity.WARNING,
            message=f"{what} for some values of vars.{name} alone, which is not known here: {reason}",
            where=condition.span,
            hint=f"Write {name}=VALUE to .vars, as `gh variable list` shows it; where GitHub has it not either, the "
            "condition is to be mended.",
            unrehearsed=(key,),
        )

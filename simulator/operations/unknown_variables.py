"""What publishes and was left out for a variable of the repository that nobody told of: GitHub may well have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.findings import Finding, Severity
from simulator.operations.unpublished import left_out, publishing_results
from simulator.rehearsal.observer import SkippedStep
from simulator.runner.model import JobResult
from simulator.workflow.model import Condition


def hung_on_variables(results: Sequence[JobResult], skipped: Sequence[SkippedStep]) -> Iterator[Finding]:
    """A warning for each publishing job or step that is left out by a condition on a variable."""
    for result in publishing_results(results):
        for found in left_out(result, skipped):
            what = f"A step of job {found.key} publishes" if found.step is not None else f"Job {found.key} publishes"
            yield from _found(found.key, found.condition, found.reason or "", what)


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

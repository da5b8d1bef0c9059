"""The findings in the order in which they are read: of a job that failed, what was known of it beside its failure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.report.state import JobState, RunState
from simulator.run_events import Conclusion


def in_reading_order(state: RunState) -> Sequence[Finding]:
    """Errors first, each with the lesser findings about the same failed job behind it; then the others by severity.

    Without those of `not_rehearsed`.
    """
    order = list(Severity)
    findings = [finding for finding in state.findings if not finding.unrehearsed]
    ordered = sorted(findings, key=lambda finding: order.index(finding.severity))
    failed = [job for job in state.jobs.values() if job.conclusion is Conclusion.FAILURE]
    shown: list[Finding] = []
    for finding in ordered:
        if finding in shown:
            continue
        shown.append(finding)
        if finding.severity is Severity.ERROR:
            about = _job_at(failed, state, finding.where)
            shown += [
                other
                for other in ordered
                if about is not None
                and other.severity is not Severity.ERROR
                and other not in shown
                and _job_at(failed, state, other.where) == about
            ]
    return shown


def not_rehearsed(state: RunState) -> Sequence[Finding]:
    """What says of jobs that something of them was not run; what is accepted comes last."""
    found = [finding for finding in state.findings if finding.unrehearsed]
    return sorted(found, key=lambda finding: finding.accepted is not None)


def _job_at(failed: Sequence[JobState], state: RunState, where: Span | str | None) -> int | None:
    """The line of the failed job that a place of a workflow file is in."""
    if not isinstance(where, Span):
        return None
    lines = sorted({job.span.line for job in state.jobs.values() if job.span and job.span.file == where.file})
    for first, behind in pairwise([*lines, where.line + 1]):
        if first <= where.line < behind:
            return first if any(job.span and job.span.line == first for job in failed) else None
    return None

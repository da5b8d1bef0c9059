"""The findings in the order in which they are read: of a job that failed, what was known of it beside its failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.report.state import JobState, RunState
from simulator.run_events import Conclusion, Verdict

_MOST_JOBS: Final = 5  # that a merged finding names


def in_reading_order(state: RunState) -> Sequence[Finding]:
    """Errors first, each with the lesser findings about the same failed job behind it; then the others by severity.

    What is the same of several jobs is one. Without those of `not_rehearsed`.
    """
    order = list(Severity)
    findings = _together([finding for finding in state.findings if not finding.unrehearsed], state)
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


def cause_and_rest(state: RunState) -> tuple[Finding | None, Sequence[Finding]]:
    """What a no-go comes from, which is the first error, and all else that was found, in reading order."""
    found = in_reading_order(state)
    if state.verdict is Verdict.NO_GO and found and found[0].severity is Severity.ERROR:
        return found[0], found[1:]
    return None, found


def not_rehearsed(state: RunState) -> Sequence[Finding]:
    """What says of jobs that something of them was not run; what is accepted comes last."""
    found = _together([finding for finding in state.findings if finding.unrehearsed], state)
    return sorted(found, key=lambda finding: finding.accepted is not None)


def _together(findings: Sequence[Finding], state: RunState) -> list[Finding]:
    """Findings that differ in nothing but the job that they name, as those of a matrix do, made into one."""
    groups: dict[object, list[tuple[str, Finding]]] = {}
    names = sorted(state.jobs, key=len, reverse=True)
    for finding in findings:
        name = next((name for name in names if re.search(rf"\bjob {re.escape(name)}(?![\w-])", finding.message)), "")
        plain = replace(finding, message=finding.message.replace(f"job {name}", "job"), unrehearsed=())
        groups.setdefault(plain if name else finding, []).append((name, finding))
    return [_merged(group) for group in groups.values()]


def _merged(group: Sequence[tuple[str, Finding]]) -> Finding:
    (name, first), *others = group
    if not others:
        return first
    shown = [name, *(other for other, _ in others[: _MOST_JOBS - 1])]
    more = [f"{len(group) - _MOST_JOBS} more"] if len(group) > _MOST_JOBS else []
    said = f"jobs {', '.join(shown)}{' and ' if more else ''}{''.join(more)}"
    return replace(
        first,
        message=first.message.replace(f"job {name}", said),
        unrehearsed=tuple(dict.fromkeys(key for _, finding in group for key in finding.unrehearsed)),
    )


def _job_at(failed: Sequence[JobState], state: RunState, where: Span | str | None) -> int | None:
    """The line of the failed job that a place of a workflow file is in."""
    if not isinstance(where, Span):
        return None
    lines = sorted({job.span.line for job in state.jobs.values() if job.span and job.span.file == where.file})
    for first, behind in pairwise([*lines, where.line + 1]):
        if first <= where.line < behind:
            return first if any(job.span and job.span.line == first for job in failed) else None
    return None

"""The jobs of a page as its templates show them: in groups of a matrix, with steps, logs and links to files."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.report.pages.logs import log
from simulator.report.pages.markup import Html, element, join
from simulator.report.pages.record import RunRecord, StepRecord
from simulator.report.state import JobState, StepState
from simulator.report.words import duration, place, plural
from simulator.run_events import Conclusion

OUTCOMES: Final = {
    Conclusion.SUCCESS: "ok",
    Conclusion.FAILURE: "failed",
    Conclusion.CANCELLED: "cancelled",
    Conclusion.SKIPPED: "skipped",
}
_WORST: Final = (Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SUCCESS, Conclusion.SKIPPED)
Link = Callable[[str, int, str], str | None]
"""The address of a step's log, by its job, number and name; None where there is no file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepView:
    """A step; `log` is its log where it failed, `file` the address of the whole, `lines` how many there are."""

    id: str
    name: str
    outcome: Conclusion
    facts: str
    place: str | None
    log: Html | None
    file: str | None
    lines: int
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """A job."""

    id: str
    name: str
    outcome: Conclusion
    facts: str
    reason: str | None
    steps: Sequence[StepView]
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupView:
    """The jobs of a matrix, under the name that they share; a job alone has no name but its own."""

    name: str | None
    outcome: Conclusion
    facts: str
    jobs: Sequence[JobView]
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLink:
    """Where a step stands in the page, and its name; no id where it is not there."""

    id: str | None
    name: str


def matrix_of(job: JobState) -> str:
    """The name that the jobs of a matrix share."""
    return job.id.rpartition(" (")[0] or job.id


def job_ids(record: RunRecord) -> dict[str, str]:
    """An id for each job."""
    return {job_id: f"job-{number}" for number, job_id in enumerate(record.state.jobs, start=1)}


def groups(record: RunRecord, link: Link) -> list[GroupView]:
    """Every job, in the groups that stand together; what did not end well is open."""
    ids = job_ids(record)
    return [
        _group(name, [_job(job, record, ids[job.id], link) for job in jobs])
        for name, jobs in itertools.groupby(record.state.jobs.values(), matrix_of)
    ]


def step_link(record: RunRecord, job_id: str, number: int) -> StepLink:
    """Where a step stands."""
    job = record.state.jobs.get(job_id)
    if job is None or number not in job.steps:
        return StepLink(id=None, name=f"{job_id}, step {number}")
    return StepLink(id=_step_id(job_ids(record)[job_id], number), name=f"{job.name} / {job.steps[number].name}")


def log_link(record: RunRecord, root: str) -> Link:
    """Addresses of the logs of a run whose folder lies at `root`, as the page sees it."""
    from urllib.parse import quote

    from simulator.paths import RunFolder

    folder = RunFolder(Path(root))

    def link(job_id: str, number: int, name: str) -> str | None:
        kept = record.logs.get((job_id, number))
        return quote(folder.log(job_id, number, name).as_posix()) if kept is not None and kept.count else None

    return link


def _group(name: str, jobs: Sequence[JobView]) -> GroupView:
    ended = Counter(job.outcome for job in jobs)
    worst = next(outcome for outcome in _WORST if ended[outcome])
    counts = ", ".join(f"{ended[each]} {OUTCOMES[each]}" for each in _WORST if ended[each])
    return GroupView(
        name=name if len(jobs) > 1 else None,
        outcome=worst,
        facts=f"{plural(len(jobs), 'job')}: {counts}",
        jobs=jobs,
        open=any(job.open for job in jobs),
    )


def _job(job: JobState, record: RunRecord, name: str, link: Link) -> JobView:
    outcome = job.ended
    facts = [plural(len(job.steps), "step")] if job.steps else []
    facts += [duration(job.seconds)] if job.started_at is not None and job.conclusion else []
    facts += [f"environment {job.environment}"] if job.environment else []
    facts += [f"after {', '.join(job.needs)}"] if job.needs else []
    return JobView(
        id=name,
        name=job.name,
        outcome=outcome,
        facts=", ".join(facts),
        reason=job.reason,
        steps=[_step(step, job, record.logs.get((job.id, step.number)), name, link) for step in job.steps.values()],
        open=outcome in {Conclusion.FAILURE, Conclusion.CANCELLED},
    )


def _step(step: StepState, job: JobState, lines: StepRecord | None, job_name: str, link: Link) -> StepView:
    outcome = step.conclusion or Conclusion.CANCELLED
    facts = [duration(step.seconds)] if outcome is not Conclusion.SKIPPED else []
    facts += [f"exit code {step.exit_code}"] if step.exit_code else []
    if step.outcome is Conclusion.FAILURE and outcome is Conclusion.SUCCESS:
        facts.append("failed, allowed by continue-on-error")
    name = _step_id(job_name, step.number)
    return StepView(
        id=name,
        name=step.name,
        outcome=outcome,
        facts=", ".join(facts),
        place=place(step.span) if step.span and not job.own else None,
        log=_log(lines, name) if lines is not None and lines.first else None,
        file=link(job.id, step.number, step.name),
        lines=lines.count if lines else 0,
        open=outcome is Conclusion.FAILURE,
    )


def _log(lines: StepRecord, name: str) -> Html:
    gap = f"{plural(lines.left_out, 'line')} left out here; the log in the run's folder is whole."
    last = log(list(lines.last), name, first=lines.count - len(lines.last) + 1) if lines.last else None
    return join([log(lines.first, name), element("p", gap) if lines.left_out else None, last])


def _step_id(job_name: str, number: int) -> str:
    return f"{job_name}-step-{number}"

"""The jobs and steps of a page, with their logs."""

from __future__ import annotations

from typing import Final

from simulator.report.pages.logs import log
from simulator.report.pages.markup import Html, Part, badge, code, element, join
from simulator.report.pages.record import RunRecord, StepRecord
from simulator.report.state import JobState, StepState
from simulator.report.words import duration, place, plural
from simulator.run_events import Conclusion

_WORDS: Final = {
    Conclusion.SUCCESS: "ok",
    Conclusion.FAILURE: "failed",
    Conclusion.CANCELLED: "cancelled",
    Conclusion.SKIPPED: "skipped",
}


def anchors(record: RunRecord) -> dict[tuple[str, int], str]:
    """An id for each step, by job and number."""
    jobs = {job_id: number for number, job_id in enumerate(record.state.jobs, start=1)}
    steps = [(job.id, number) for job in record.state.jobs.values() for number in job.steps]
    return {(job_id, number): f"job-{jobs[job_id]}-step-{number}" for job_id, number in steps}


def jobs(record: RunRecord) -> list[Part]:
    """Every job; one that did not end well is open."""
    ids = anchors(record)
    return [_job(job, record, ids) for job in record.state.jobs.values()]


def _job(job: JobState, record: RunRecord, ids: dict[tuple[str, int], str]) -> Html:
    outcome = job.conclusion or (Conclusion.SKIPPED if job.started_at is None else Conclusion.CANCELLED)
    facts = [plural(len(job.steps), "step")] if job.steps else []
    facts += [duration(job.seconds)] if job.started_at is not None and job.conclusion else []
    facts += [f"environment {job.environment}"] if job.environment else []
    facts += [f"after {', '.join(job.needs)}"] if job.needs else []
    head = element(
        "summary", ended(outcome), " ", element("h3", job.name), " ", element("span", ", ".join(facts), class_="quiet")
    )
    steps = [_step(step, job, record.logs.get((job.id, step.number)), ids) for step in job.steps.values()]
    reason = element("p", job.reason) if job.reason else None
    is_open = outcome in {Conclusion.FAILURE, Conclusion.CANCELLED}
    return element("details", head, reason, *steps, class_="job", open=is_open)


def _step(step: StepState, job: JobState, lines: StepRecord | None, ids: dict[tuple[str, int], str]) -> Html:
    outcome = step.conclusion or Conclusion.CANCELLED
    facts = [duration(step.seconds)] if outcome is not Conclusion.SKIPPED else []
    facts += [f"exit code {step.exit_code}"] if step.exit_code else []
    if step.outcome is Conclusion.FAILURE and outcome is Conclusion.SUCCESS:
        facts.append("failed, allowed by continue-on-error")
    head = element("summary", ended(outcome), " ", step.name, " ", element("span", ", ".join(facts), class_="quiet"))
    where = element("p", code(place(step.span) or ""), class_="quiet") if step.span and not job.own else None
    body: list[Part] = [element("p", "It printed nothing.", class_="quiet")]
    if lines is not None:
        gap = element("p", f"{plural(lines.left_out, 'line')} left out here; the log in the run's folder is whole.")
        body = [log(lines.first), *([gap] if lines.left_out else []), *([log(list(lines.last))] if lines.last else [])]
    is_open = outcome is Conclusion.FAILURE
    return element("details", head, where, *body, class_="step", id=ids[job.id, step.number], open=is_open)


def ended(outcome: Conclusion) -> Html:
    """How something ended, as a word with a colour."""
    return badge(_WORDS[outcome], outcome.value)


def step_link(record: RunRecord, job_id: str, number: int) -> Html:
    """A link to a step, by the names of its job and its own."""
    job = record.state.jobs.get(job_id)
    if job is None or number not in job.steps:
        return join([f"{job_id}, step {number}"])
    return element("a", f"{job.name} / {job.steps[number].name}", href=f"#{anchors(record)[job_id, number]}")

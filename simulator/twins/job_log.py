"""What became of the jobs so far, and of their steps, read from the run events as they pass: GitHub's API shows it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simulator.run_events import Conclusion, JobFinished, JobStarted, RunEvent, StepFinished, StepStarted


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedStep:
    """A step that began; times are seconds since the epoch."""

    number: int
    name: str
    started: float
    completed: float | None = None
    conclusion: Conclusion | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedJob:
    """A job that began, or was skipped."""

    started: float
    completed: float | None = None
    conclusion: Conclusion | None = None
    steps: Mapping[int, LoggedStep] = field(default_factory=dict)


class JobLog:
    """An event sink that remembers each job's last attempt. Called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, LoggedJob] = {}

    def __call__(self, event: RunEvent) -> None:
        """Take an event in."""
        with self._lock:
            match event:
                case JobStarted():
                    self._jobs[event.job_id] = LoggedJob(started=event.at)
                case JobFinished():
                    job = self._jobs.get(event.job_id) or LoggedJob(started=event.at)
                    self._jobs[event.job_id] = replace(job, completed=event.at, conclusion=event.conclusion)
                case StepStarted():
                    step = LoggedStep(number=event.number, name=event.name, started=event.at)
                    self._put(event.job_id, step)
                case StepFinished() if event.job_id in self._jobs:
                    begun = self._jobs[event.job_id].steps.get(event.number)
                    if begun is not None:
                        self._put(event.job_id, replace(begun, completed=event.at, conclusion=event.conclusion))
                case _:
                    pass

    def _put(self, job_id: str, step: LoggedStep) -> None:
        job = self._jobs.get(job_id)
        if job is not None:
            self._jobs[job_id] = replace(job, steps={**job.steps, step.number: step})

    def jobs(self) -> Mapping[str, LoggedJob]:
        """Every job by its id, in the order in which they began."""
        with self._lock:
            return dict(self._jobs)

"""What a run did so far, as diagnoses look at it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.planning.tools import action_name, given_input
from simulator.positions import Span
from simulator.run_events import (
    Annotation,
    ArtifactStored,
    Conclusion,
    FilesListed,
    JobFinished,
    RunEvent,
    StepFinished,
    StepStarted,
)
from simulator.workflow.model import Job, Step, Text


@dataclass(kw_only=True, slots=True)
class RanStep:
    """A step that ran or runs: what it annotated, and the files that were listed behind it, None where none were.

    `step` is how the workflow has it; of the runner's own steps, None. `changed` is as `FilesListed` has it; times are
    in seconds since the epoch.
    """

    job_id: str
    number: int
    name: str
    span: Span | None
    step: Step | None
    messages: list[str] = field(default_factory=list)
    files: tuple[str, ...] | None = None
    conclusion: Conclusion | None = None
    changed: Mapping[str, float | None] = field(default_factory=dict)
    started_at: float = 0.0
    ended_at: float = math.inf

    def uses(self, action: str) -> bool:
        """Whether it uses an action, by the name of its repository."""
        return self.step is not None and self.step.uses is not None and action_name(self.step.uses.value) == action

    def given(self, name: str) -> Text | None:
        """An input as it is written."""
        return given_input(self.step, name) if self.step is not None else None

    def place_of(self, name: str) -> Span | None:
        """Where an input is written, else its action."""
        text = self.given(name)
        if text is not None:
            return text.span
        return self.step.uses.span if self.step is not None and self.step.uses is not None else self.span


class Facts:
    """All of them, as the events tell; the `jobs` are those of the rehearsed workflows, by their keys."""

    def __init__(self) -> None:
        self.jobs: Mapping[str, Job] = {}
        self.skipped: dict[str, str] = {}
        """The jobs that were skipped, and why."""
        self._steps: dict[tuple[str, int], RanStep] = {}
        self._artifacts: dict[str, ArtifactStored] = {}

    def hear(self, event: RunEvent) -> None:
        """Take in what happened."""
        match event:
            case StepStarted():
                self._steps[event.job_id, event.number] = RanStep(
                    job_id=event.job_id,
                    number=event.number,
                    name=event.name,
                    span=event.span,
                    step=self._model(event),
                    started_at=event.at,
                )
            case Annotation():
                self._on(event).messages.append(event.message)
            case FilesListed():
                self._on(event).files, self._on(event).changed = event.files, event.changed
            case StepFinished():
                self._on(event).conclusion, self._on(event).ended_at = event.conclusion, event.at
            case ArtifactStored():
                self._artifacts[event.name] = event
                if event.deleted:
                    del self._artifacts[event.name]
            case JobFinished(conclusion=Conclusion.SKIPPED):
                self.skipped[event.job_id] = event.reason or ""
            case _:
                pass

    @property
    def artifacts(self) -> Sequence[ArtifactStored]:
        """Those that are there."""
        return tuple(self._artifacts.values())

    @property
    def changed(self) -> Mapping[str, RanStep | None]:
        """The tracked files that jobs changed, with the step in which each was written, None where nobody can tell."""
        steps = self._steps.values()
        return {path: self._writer(each.job_id, at) for each in steps for path, at in each.changed.items()}

    def _writer(self, job_id: str, at: float | None) -> RanStep | None:
        if at is None:
            return None
        steps = (each for each in self._steps.values() if each.job_id == job_id)
        return next((each for each in steps if each.started_at <= at <= each.ended_at), None)

    def step(self, job_id: str, number: int) -> RanStep | None:
        """A step that ran."""
        return self._steps.get((job_id, number))

    def steps_with(self, action: str, job_id: str | None = None) -> Iterator[RanStep]:
        """The steps that ran an action, in one job or in all."""
        return (each for each in self._steps.values() if each.uses(action) and job_id in {None, each.job_id})

    def job(self, job_id: str) -> Job | None:
        """The job of a key, which for one of a matrix has its values behind it."""
        return self.jobs.get(job_id) or self.jobs.get(job_id.rpartition(" (")[0])

    def _model(self, event: StepStarted) -> Step | None:
        job = self.job(event.job_id)
        steps = job.all_steps if job is not None and event.span is not None else ()
        return next((step for step in steps if step.span == event.span), None)

    def _on(self, event: Annotation | FilesListed | StepFinished) -> RanStep:
        key = event.job_id, event.number
        return self._steps.setdefault(
            key, RanStep(job_id=event.job_id, number=event.number, name="", span=None, step=None)
        )

"""Whether what publishes can run: the publishing steps and calls of a workflow, and the jobs before them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from simulator.diagnostics import Severity
from simulator.indexes import IndexName
from simulator.planning.foresight import Foresight, Start, bare, releasing, starts_of
from simulator.rehearsal.job_uploads import uploads_of
from simulator.rehearsal.rules.model import Subject
from simulator.rehearsal.rules.release import Publishing, called_by, publishing, reached
from simulator.workflow.model import Job, Step, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """What publishes: a step, or a job that calls a workflow with one (`step` None)."""

    job: Job
    step: Step | None
    index: IndexName | None

    def stands_for(self, other: End) -> bool:
        """Whether a release that this one makes is one where the other does not run."""
        return self.index != "testpypi" or other.index == "testpypi"


class Reach:
    """What each way of starting lets run of a workflow; `releases` are the ways that bring a release."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.workflow = workflow = subject.workflow
        starts = tuple(_starts(subject))
        self.all = [Foresight(workflow, start, self.outputs) for start in starts]
        bringing = releasing(starts)
        self.releases = [each for each in self.all if each.start in bringing]
        self._ends = tuple(_ends(subject))

    def outputs(self, job: Job) -> frozenset[str] | None:
        """The outputs that a job declares, those of what it calls; None where they are not known."""
        if job.uses is not None:
            called = called_by(job, self._subject.others)
            trigger = called.triggers.get("workflow_call") if called is not None else None
            return None if trigger is None else frozenset(trigger.outputs)
        return None if job.outputs.whole or job.outputs.computed else frozenset(job.outputs)

    @functools.cached_property
    def _owners(self) -> Mapping[str, str]:
        jobs = reversed(list(self.workflow.jobs.values()))
        return {step.id.lower(): job.id for job in jobs for step in job.all_steps if step.id}

    def owner_of(self, step: str) -> str | None:
        """The first job that has a step of that id."""
        return self._owners.get(step.lower())

    @property
    def events(self) -> frozenset[str]:
        """All ways of starting, by name."""
        return frozenset(each.start.name for each in self.all)

    def never(self, job: Job, step: Step | None = None) -> bool:
        """Whether a job runs in no run; of a step, whether it runs in no run that has its job."""
        having = [each for each in self.all if job.id not in each.never]
        if step is None:
            return not having
        return bool(having) and all(each.step_holds(job, step) is False for each in having)

    def ends_behind(self, job: Job, step: Step | None) -> Sequence[End]:
        """What does not publish where a job, or a step of it, does not run."""
        return [end for end in self._ends if self._is_before(job, step, end)]

    def _is_before(self, job: Job, step: Step | None, end: End) -> bool:
        if step is not None:
            return end.job.id == job.id and end.step is not None and end.step.number == step.number
        return end.job.id == job.id or any(job.id in each.before(end.job) for each in self.all[:1])

    def is_missed(self, end: End, foresight: Foresight) -> bool:
        """Whether neither this nor another end like it is reached."""
        return not any(each.stands_for(end) and _may_run(each.job, each.step, foresight) for each in self._ends)

    def published_by(self, way: str) -> frozenset[IndexName | None]:
        """The indexes that something may be published on where the workflow starts in a way, such as `push tag`."""
        found: set[IndexName | None] = set()
        for foresight in self._of(way):
            for end in (each for each in self._ends if _may_run(each.job, each.step, foresight)):
                found.update({end.index} if end.step is not None else self._behind(end.job).published_by(way))
        return frozenset(found)

    def may_run(self, way: str, job: Job, step: Step) -> bool:
        """Whether a step may run where the workflow starts in a way."""
        return any(_may_run(job, step, foresight) for foresight in self._of(way))

    def surely_runs(self, way: str, job: Job, step: Step) -> bool:
        """Whether no condition keeps a step from running where the workflow starts in a way and nothing fails."""
        found = self._of(way)
        return bool(found) and all(self._is_sure(foresight, job, step) for foresight in found)

    def _is_sure(self, foresight: Foresight, job: Job, step: Step) -> bool:
        jobs = self.workflow.jobs
        before = [jobs[name] for name in foresight.before(job) if name in jobs]
        held = [foresight.holds(each, None, bare(each.condition)) for each in (job, *before) if each.condition.source]
        held += [foresight.holds(job, step, bare(step.condition))] if step.condition.source else []
        return all(each is True for each in held)

    def _of(self, way: str) -> Sequence[Foresight]:
        return [each for each in self.all if (each.start.caller or each.start).name in {way, "workflow_call"}]

    def _behind(self, job: Job) -> Reach:
        called = called_by(job, self._subject.others)
        assert called is not None
        return Reach(replace(self._subject, workflow=called))

    def severity(self, job: Job, step: Step | None = None) -> Severity:
        """How much it weighs that a job or a step never runs: an error where no release is published for it."""
        missed = (
            all(self.is_missed(end, foresight) for foresight in self.releases) for end in self.ends_behind(job, step)
        )
        return Severity.ERROR if any(missed) else Severity.WARNING


def _starts(subject: Subject) -> Iterator[Start]:
    """The ways in which a workflow starts: of calls those in which the callers in the repository start."""
    for start in starts_of(subject.workflow):
        callers = list(_callers(subject)) if start.trigger.event == "workflow_call" else []
        if not callers or any("workflow_call" in caller.triggers for caller in callers):
            yield start
            continue
        for caller in callers:
            yield from (replace(start, caller=each) for each in starts_of(caller))


def _callers(subject: Subject) -> Iterator[Workflow]:
    for other in subject.others.values():
        called = (called_by(job, subject.others) for job in other.jobs.values())
        if any(each is not None and each.path == subject.workflow.path for each in called):
            yield other


def _may_run(job: Job, step: Step | None, foresight: Foresight) -> bool:
    held = step is None or foresight.step_holds(job, step) is not False
    return held and job.id not in foresight.never


def _ends(subject: Subject) -> Iterator[End]:
    workflow = subject.workflow
    for found in publishing(workflow):
        yield End(job=found.job, step=found.step, index=found.index or _index(found, subject))
    for job in workflow.jobs.values():
        called = called_by(job, subject.others)
        if called is not None and _publishes(called, subject):
            yield End(job=job, step=None, index=None)


def _index(found: Publishing, subject: Subject) -> IndexName | None:
    """The index that a command publishes on, where that is known."""
    uploads = next(
        each for each in uploads_of(subject.workflow, found.job, subject.read) if each.step.number == found.step.number
    )
    return next((each.index for each in uploads.destinations), None)


def _publishes(called: Workflow, subject: Subject) -> bool:
    return any(any(publishing(each)) for each in reached(called, subject.others))

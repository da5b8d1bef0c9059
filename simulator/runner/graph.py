"""The jobs of one workflow of a run: which may start, what they need to know of each other, and how they ended.

Starts nothing; `runner.run` does. A workflow that a job calls has a graph of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from simulator.expressions.language import ExpressionError, Scope, Value
from simulator.planning.calls import call_contexts
from simulator.planning.conditions import job_condition, why_not
from simulator.planning.graph import ancestors
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.runners import runs_here
from simulator.run_events import Conclusion, JobPlanned
from simulator.runner.concurrency import Ticket, ticket
from simulator.runner.job import JobRunner
from simulator.runner.model import JobResult, Portion, RunSettings

TOP: Final = "top level workflow"  # what GitHub calls a workflow that no job calls, where it speaks of its group


@dataclass(frozen=True, kw_only=True, slots=True)
class Active:
    """A job that was started: its runner, or the graph of what it calls.

    `outlives` says that its condition holds when the run is cancelled, too.
    """

    work: JobRunner | Graph
    outlives: bool
    ticket: Ticket | None = None


@dataclass(kw_only=True, slots=True, eq=False)
class Graph:
    """One workflow of a run. All but `cancelled` and `active` belong to the run's own thread.

    `waiting` are the jobs that were not looked at, `pending` those that wait for a concurrency group; a job with a
    result is in none of them. `caller` is the job that calls the workflow, in the graph around this one.
    """

    settings: RunSettings
    caller: tuple[Graph, PlannedJob] | None = None
    jobs: list[PlannedJob] = field(init=False)  # a deferred job gives way to the jobs that it expands to
    waiting: list[PlannedJob] = field(init=False)
    pending: dict[str, tuple[PlannedJob, Ticket]] = field(default_factory=dict)
    active: dict[str, Active] = field(default_factory=dict)
    results: dict[str, JobResult] = field(default_factory=dict)
    inner: dict[str, Graph | tuple[JobResult, ...]] = field(default_factory=dict)
    ticket: Ticket | None = None
    cancelled: bool = False
    why: str | None = None  # of the cancelling

    def __post_init__(self) -> None:
        portion = self.settings.portion or Portion(jobs=self.plan.jobs)
        self.jobs = list(portion.jobs)
        self.results.update(portion.results)
        self.waiting = [job for job in self.jobs if job.key not in self.results]

    @property
    def plan(self) -> Plan:
        """What is carried out."""
        return self.settings.plan

    @property
    def ended(self) -> bool:
        """Whether every job has its result."""
        return not (self.waiting or self.pending or self.active)

    @property
    def conclusion(self) -> Conclusion:
        """The worst of its jobs'."""
        return _together(self.results.values())

    @property
    def missing(self) -> bool:
        """Whether something is missing of a job that was not run here."""
        return any(result.absent == "missing" for result in self.results.values())

    def ready(self, job: PlannedJob) -> bool:
        """Whether all that a job needs has ended, and `max-parallel` lets another combination start.

        One for another system waits until the jobs have ended that have a runner here and need none like it: from what
        these made, placeholders are made for it.
        """
        if is_off_system(job) and self._models_to_come():
            return False
        known = all(other.key in self.results for other in self.jobs if other.job.id in job.needs)
        running = [other for other in self.jobs if other.job.id == job.job.id and other.key in self.active]
        return known and (job.max_parallel is None or len(running) < job.max_parallel)

    def _models_to_come(self) -> bool:
        """Whether a job has not ended that neither is nor needs one for another system."""
        off = {job.job.id for job in self.jobs if is_off_system(job)}
        going = {job.job.id: job for job in self.jobs if job.key not in self.results and not is_off_system(job)}
        return any(not off & self._before(job) for job in going.values())

    @property
    def portion(self) -> Portion:
        """The jobs as they became, with the results so far."""
        return Portion(jobs=tuple(self.jobs), results=dict(self.results))

    def all_results(self) -> Iterator[JobResult]:
        """How the jobs ended, in the order of the plan; those of a called workflow for the job that calls it."""
        for job in self.jobs:
            inner = self.inner.get(job.key, (self.results[job.key],))
            yield from inner.all_results() if isinstance(inner, Graph) else inner

    def around(self) -> Iterator[Ticket]:
        """The concurrency groups that are held by what this workflow is part of, and by itself."""
        if self.ticket is not None:
            yield self.ticket
        if self.caller is not None:
            graph, job = self.caller
            active = graph.active.get(job.key)
            if active is not None and active.ticket is not None:
                yield active.ticket
            yield from graph.around()

    # ---- what a job may know of the others

    def conclusions(self, *, supposing: bool = False) -> dict[str, Conclusion]:
        """How the jobs that are done ended, by id; of a matrix the worst. `supposing` that nothing were missing."""
        names = {result.job_id for result in self.results.values()}
        return {
            name: _together((each for each in self.results.values() if each.job_id == name), supposing=supposing)
            for name in names
        }

    def outputs(self, job_id: str) -> dict[str, Value]:
        """The outputs of a job; of a matrix the ones that were not empty last."""
        found: dict[str, Value] = {}
        for result in self.results.values():
            if result.job_id == job_id:
                found.update(result.outputs)
        return found

    def needs(self, job: PlannedJob, *, supposing: bool = False) -> dict[str, Value]:
        """The `needs` context of a job; of a matrix the worst result and the last outputs."""
        conclusions = self.conclusions(supposing=supposing)
        return {name: {"result": conclusions[name].value, "outputs": self.outputs(name)} for name in job.needs}

    def holds(self, job: PlannedJob, *, cancelled: bool, supposing: bool = False) -> bool:
        """Whether the condition of a job holds, or would if nothing were missing. Raises ExpressionError."""
        results = {name: each.value for name, each in self.conclusions(supposing=supposing).items()}
        needs = self.needs(job, supposing=supposing)
        return job_condition(job, self.plan, needs=needs, results=results, cancelled=cancelled)

    def outlives(self, job: PlannedJob) -> bool:
        """Whether a job runs when the run is cancelled."""
        try:
            return self.holds(job, cancelled=True)
        except ExpressionError:
            return False

    @property
    def paused(self) -> bool:
        """Whether a job waits for a person."""
        return any(result.absent == "paused" for result in self.results.values())

    def paused_before(self, job: PlannedJob) -> tuple[str, ...]:
        """The keys of the jobs that wait for a person, and that a job waits for, directly or not."""
        before = self._before(job)
        return tuple(key for key, each in self.results.items() if each.job_id in before and each.absent == "paused")

    def misses(self, job: PlannedJob) -> tuple[str, ...]:
        """The keys of the jobs, not run here, for want of which a job is skipped; none if it would be so anyway."""
        absent = self.absent_before(job)
        try:
            return absent if absent and self.holds(job, cancelled=False, supposing=True) else ()
        except ExpressionError:
            return ()

    def absent_before(self, job: PlannedJob) -> tuple[str, ...]:
        """The keys of the jobs of which something is missing to a job, directly or not."""
        before = self._before(job)
        return tuple(key for key, each in self.results.items() if each.job_id in before and each.absent == "missing")

    def _before(self, job: PlannedJob) -> frozenset[str]:
        graph = {each.id: [need.value for need in each.needs] for each in self.plan.workflow.jobs.values()}
        return ancestors(graph, job.job.id)

    def reason(self, job: PlannedJob) -> str:
        """Why the condition of a job does not hold."""
        before = self._before(job)
        bad = [
            f"{name} ({conclusion.value})"
            for name, conclusion in self.conclusions().items()
            if name in before and conclusion is not Conclusion.SUCCESS
        ]
        if bad:
            return f"a job that it needs did not succeed: {', '.join(sorted(bad))}"
        results = {name: each.value for name, each in self.conclusions().items()}
        return f"its condition is false: {why_not(job, self.plan, needs=self.needs(job), results=results)}"

    # ---- concurrency

    def own_ticket(self) -> Ticket | None:
        """The request of the workflow itself. Raises ExpressionError."""
        name = self.caller[1].name if self.caller else TOP
        return ticket(self.plan.workflow.concurrency, Scope(contexts=self._contexts()), name)

    def job_ticket(self, job: PlannedJob) -> Ticket | None:
        """The request of a job whose needs are done. Raises ExpressionError."""
        contexts = {**call_contexts(self.plan, job, self.needs(job)), **self._contexts()}
        return ticket(job.job.concurrency, Scope(contexts=contexts), job.name)

    def _contexts(self) -> dict[str, Value]:
        return {**self.plan.contexts, "github": self.settings.github}


def is_off_system(job: PlannedJob) -> bool:
    """Whether a job is for macOS or Windows, of which there is no runner here."""
    return job.job.uses is None and not job.deferred and not runs_here(job.runs_on)


def announcement(jobs: Iterable[tuple[Plan, PlannedJob]]) -> Iterator[JobPlanned]:
    """The events that announce jobs before they run."""
    for plan, job in jobs:
        yield JobPlanned(
            job_id=job.key,
            name=job.name,
            needs=tuple(f"{plan.inherited.key_prefix}{need}" for need in job.needs) or plan.inherited.needs,
            workflow=plan.workflow.path,
            environment=job.environment,
            span=job.job.span,
        )


def _together(results: Iterable[JobResult], *, supposing: bool = False) -> Conclusion:
    """One conclusion for several jobs; what was not run and is missing is no success, whatever the others are."""
    results = list(results)
    missing = any(result.absent == "missing" for result in results) and not supposing
    found = worst(Conclusion.SUCCESS if result.absent and supposing else result.counts_as for result in results)
    return Conclusion.SKIPPED if missing and found is Conclusion.SUCCESS else found


def worst(conclusions: Iterable[Conclusion]) -> Conclusion:
    """One conclusion for several jobs: failure, cancelled, success, skipped, in that order."""
    found = set(conclusions)
    order = (Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SUCCESS, Conclusion.SKIPPED)
    return next((item for item in order if item in found), Conclusion.SKIPPED)

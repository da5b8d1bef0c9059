"""The jobs of one rehearsal: a job starts when its own needs are done, each in a thread.

Several workflows that one event started run beside each other, as at GitHub; they share nothing but concurrency groups.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from types import MappingProxyType

from simulator.errors import CancelledError, InvalidWorkflowError
from simulator.expressions.language import ExpressionError
from simulator.planning.calls import foreseen_jobs, foreseen_of, foreseen_plan
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.plan import expand_job
from simulator.run_events import Conclusion, FindingRaised, JobFinished
from simulator.runner.absent import absence, runner_findings
from simulator.runner.action import Resolver
from simulator.runner.calls import close_call, open_call
from simulator.runner.concurrency import Groups, Ticket, deadlock, superseded
from simulator.runner.graph import Active, Graph, announcement
from simulator.runner.job import JobRunner
from simulator.runner.masking import Masker
from simulator.runner.model import Absent, JobResult, Portion, RunSettings

_Running = tuple[Graph, PlannedJob]


class Run:
    """The workflows of one rehearsal. `execute` may be called once; `cancel` from any thread."""

    def __init__(self, workflows: Sequence[RunSettings], resolve: Resolver, masker: Masker) -> None:
        self._resolve = resolve
        self._masker = masker
        self._lock = threading.Lock()  # held where `cancelled` and `active` of a graph must agree
        self._tops = [Graph(settings=settings) for settings in workflows]
        self._graphs: list[Graph] = []  # those that have begun and not ended
        self._queue = list(self._tops)  # those that wait for a concurrency group, or were not looked at
        self._groups = Groups()
        self._futures: dict[Future[JobResult], _Running] = {}
        self._cancelled = False
        self._abandoned = False

    def cancel(self) -> None:
        """Cancel the run as GitHub does: jobs end, and none starts, but those whose condition holds all the same."""
        with self._lock:
            self._cancelled = True
            ending = [runner for graph in self._tops for runner in self._mark(graph, None)]
        for runner in ending:
            runner.cancel()

    def abandon(self) -> None:
        """End the run at once: no step has time to clean up, and `execute` raises CancelledError."""
        self._abandoned = True
        self._abandon()

    def execute(self) -> tuple[JobResult, ...]:
        """Run every job that is to run; results in the order of the plans.

        Raises what stops the simulator, and CancelledError when the run was abandoned.
        """
        workers = max(graph.settings.max_jobs for graph in self._tops)
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="job") as pool:
            try:
                self._enter_tops()
                while self._queue or self._graphs:
                    self._require_going()
                    if self._settle(pool):
                        continue
                    if not self._futures:
                        self._break_circle()
                        continue
                    done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
                    for future in [each for each in self._futures if each in done]:  # in the order of their start
                        graph, job = self._futures.pop(future)
                        self._finished(graph, job, future.result())
            except BaseException:
                self._abandon()
                raise
        return tuple(result for graph in self._tops for result in graph.all_results())

    def portions(self) -> tuple[Portion, ...]:
        """What became of each workflow's jobs, for a further attempt."""
        return tuple(graph.portion for graph in self._tops)

    def _require_going(self) -> None:
        if self._abandoned:
            raise CancelledError

    def _abandon(self) -> None:
        with self._lock:
            self._cancelled = True
            left = [
                active.work
                for graph in self._graphs
                for active in graph.active.values()
                if isinstance(active.work, JobRunner)
            ]
        for runner in left:
            runner.abandon()

    def _mark(self, graph: Graph, reason: str | None) -> Iterable[JobRunner]:
        """Mark a workflow as cancelled, and give the jobs that are to be cancelled for it; the lock is held."""
        graph.cancelled = True
        graph.why = graph.why or reason
        for active in graph.active.values():
            if not active.outlives:
                if isinstance(active.work, Graph):
                    yield from self._mark(active.work, reason)
                else:
                    yield active.work

    def _cancel(self, work: JobRunner | Graph, reason: str | None = None) -> None:
        """Cancel a job, or all of what a job calls."""
        with self._lock:
            ending = list(self._mark(work, reason)) if isinstance(work, Graph) else [work]
        for runner in ending:
            runner.cancel(reason)

    # ---- workflows

    def _enter_tops(self) -> None:
        """All workflows of an event ask for their groups at once, in the order of their files."""
        for graph in self._tops:
            self._enter(graph)

    def _enter(self, graph: Graph) -> None:
        """Let a workflow ask for its group; it begins when it gets it."""
        try:
            graph.ticket = graph.own_ticket()
        except ExpressionError as error:
            self._refuse(graph, Conclusion.FAILURE, str(error))
            return
        if graph.ticket is not None:
            refused = self._ask(graph.ticket, [] if graph.caller is None else graph.caller[0].around())
            if refused is not None:
                graph.ticket = None
                self._refuse(graph, Conclusion.CANCELLED, refused)

    def _refuse(self, graph: Graph, conclusion: Conclusion, reason: str) -> None:
        """End a workflow of which no job has begun."""
        while graph.waiting:
            self._settled(graph, graph.waiting.pop(0), conclusion, reason)

    def _begin_workflows(self) -> bool:
        """Begin the workflows whose group is theirs, and end those that were cancelled while they waited."""
        begun = False
        for graph in list(self._queue):
            has_group = graph.ticket is None or self._groups.holds(graph.ticket)
            if graph.cancelled and not has_group:
                self._refuse(graph, Conclusion.CANCELLED, graph.why or "the run was cancelled")
            if graph.ended or has_group:
                self._queue.remove(graph)
                self._graphs.append(graph)
                begun = True
        return begun

    def _end_workflows(self) -> bool:
        """Take the workflows off whose jobs have all ended, the inner ones first."""
        ended = [graph for graph in reversed(self._graphs) if graph.ended]
        for graph in ended:
            self._graphs.remove(graph)
            if graph.ticket is not None:
                self._groups.leave(graph.ticket)
            if graph.caller is not None:
                outer, job = graph.caller
                self._finished(outer, job, close_call(graph))
        return bool(ended)

    # ---- concurrency groups

    def _ask(self, ticket: Ticket, around: Iterable[Ticket]) -> str | None:
        """Ask for a group; why it cannot be had. What loses by the request is cancelled."""
        holder = next((held for held in around if held.group.lower() == ticket.group.lower()), None)
        if holder is not None:
            return deadlock(ticket, holder)
        lost = self._groups.enter(ticket)
        for loser in lost:
            if loser is not ticket:
                self._lose(loser)
        return superseded(ticket.group) if ticket in lost else None

    def _lose(self, ticket: Ticket) -> None:
        """Cancel what a newer request supersedes."""
        reason = superseded(ticket.group)
        for graph in (*self._graphs, *self._queue):
            if graph.ticket is ticket:
                self._cancel(graph, reason)
            for job, waiting in list(graph.pending.values()):
                if waiting is ticket:
                    del graph.pending[job.key]
                    self._settled(graph, job, Conclusion.CANCELLED, reason)
            for active in list(graph.active.values()):
                if active.ticket is ticket:
                    self._cancel(active.work, reason)

    def _break_circle(self) -> None:
        """Nothing runs and nothing can begin: two groups wait for each other. At GitHub they would wait for hours."""
        said = "it waits for the concurrency group '{}', whose holder waits for this workflow"
        for graph in self._graphs:
            for job, ticket in graph.pending.values():
                del graph.pending[job.key]
                self._groups.leave(ticket)
                self._settled(graph, job, Conclusion.CANCELLED, said.format(ticket.group))
                return
        graph = next(each for each in self._queue if each.ticket is not None)
        assert graph.ticket is not None
        self._refuse(graph, Conclusion.CANCELLED, said.format(graph.ticket.group))

    # ---- jobs

    def _settle(self, pool: ThreadPoolExecutor) -> bool:
        """Start, skip, expand or end what can be; whether another look may find more."""
        again = self._begin_workflows()
        for graph in list(self._graphs):
            again |= self._settle_pending(graph, pool)
            again |= self._settle_waiting(graph, pool)
        return self._end_workflows() or again

    def _settle_waiting(self, graph: Graph, pool: ThreadPoolExecutor) -> bool:
        again = False
        for job in [job for job in graph.waiting if graph.ready(job)]:
            if job not in graph.waiting or not graph.ready(job):  # room was taken by one before it, or it was ended
                continue
            graph.waiting.remove(job)
            again |= self._settled_early(graph, job) or self._admit(graph, job, pool)
        return again

    def _settle_pending(self, graph: Graph, pool: ThreadPoolExecutor) -> bool:
        """Start the jobs whose group is theirs now, and end those that were cancelled while they waited."""
        again = False
        for job, ticket in list(graph.pending.values()):
            if graph.cancelled and not graph.outlives(job):
                del graph.pending[job.key]
                self._groups.leave(ticket)
                self._settled(graph, job, Conclusion.CANCELLED, graph.why or "the run was cancelled")
                again = True
            elif self._groups.holds(ticket):
                del graph.pending[job.key]
                again |= self._start(graph, job, ticket, pool)
        return again

    def _admit(self, graph: Graph, job: PlannedJob, pool: ThreadPoolExecutor) -> bool:
        """Start a job that is to run, or let it wait for its group; whether another look may find more."""
        try:
            ticket = graph.job_ticket(job)
        except ExpressionError as error:
            self._settled(graph, job, Conclusion.FAILURE, str(error))
            return True
        refused = self._ask(ticket, graph.around()) if ticket is not None else None
        if refused is not None:
            self._settled(graph, job, Conclusion.CANCELLED, refused)
            return True
        if ticket is not None and not self._groups.holds(ticket):
            graph.pending[job.key] = job, ticket
            return False
        return self._start(graph, job, ticket, pool)

    def _start(self, graph: Graph, job: PlannedJob, ticket: Ticket | None, pool: ThreadPoolExecutor) -> bool:
        if job.job.uses is not None:
            return self._call(graph, job, ticket)
        runner = JobRunner(graph.settings, job, self._resolve, self._masker)
        outlives = graph.outlives(job)
        with self._lock:
            graph.active[job.key] = Active(work=runner, outlives=outlives, ticket=ticket)
            late = graph.cancelled and not outlives
        if late:
            runner.cancel(graph.why)
        if self._abandoned:
            runner.abandon()
        self._futures[pool.submit(runner.run, graph.needs(job))] = graph, job
        return False

    def _call(self, graph: Graph, job: PlannedJob, ticket: Ticket | None) -> bool:
        """Begin the workflow that a job calls."""
        try:
            inner = open_call(graph, job, self._masker)
        except InvalidWorkflowError as error:
            if ticket is not None:
                self._groups.leave(ticket)
            self._settled(graph, job, Conclusion.FAILURE, str(error))
            return True
        if foreseen_plan(graph.plan, job) is None:
            jobs = list(foreseen_jobs(inner.plan))
            self._announce(graph, jobs)
            assert job.job.uses is not None
            count = "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
            self._tell(graph, job, Conclusion.SKIPPED, f"it calls {job.job.uses.value}, which has {count}")
        graph.inner[job.key] = inner
        outlives = graph.outlives(job)
        with self._lock:
            graph.active[job.key] = Active(work=inner, outlives=outlives, ticket=ticket)
            inner.cancelled, inner.why = graph.cancelled and not outlives, graph.why
        self._queue.append(inner)
        self._enter(inner)
        return True

    def _finished(self, graph: Graph, job: PlannedJob, result: JobResult) -> None:
        with self._lock:
            active = graph.active.pop(job.key)
        if active.ticket is not None:
            self._groups.leave(active.ticket)
        graph.results[job.key] = result
        self._fail_fast(graph, job)

    def _expand(self, graph: Graph, job: PlannedJob) -> None:
        """Put the jobs in the place of one whose matrix or names could not be known before."""
        try:
            final = expand_job(graph.plan, job.job.id, needs=graph.needs(job))
        except InvalidWorkflowError as error:
            self._settled(graph, job, Conclusion.FAILURE, str(error))
            return
        shown = [each for one in final for each in foreseen_of(graph.plan, one)]
        self._announce(graph, shown)
        if job.key not in {each.key for _, each in shown}:
            self._tell(graph, job, Conclusion.SKIPPED, f"its matrix makes {len(final)} jobs of it")
        at = graph.jobs.index(job)
        graph.jobs[at : at + 1] = final
        graph.waiting += final

    def _announce(self, graph: Graph, jobs: Sequence[tuple[Plan, PlannedJob]]) -> None:
        """Say of jobs that were not known before what is said of the others before anything runs."""
        for event in announcement(jobs):
            graph.settings.emit(event)
        for finding in runner_findings(jobs, graph.settings.supplied, graph.settings.no_containers, time.time()):
            graph.settings.emit(FindingRaised(finding=finding))

    # ---- what becomes of a job that does not run

    def _fail_fast(self, graph: Graph, job: PlannedJob) -> None:
        """A failed combination of a matrix ends the others, unless the file says otherwise."""
        if not job.fail_fast or job.total == 1 or graph.results[job.key].conclusion is not Conclusion.FAILURE:
            return
        reason = f"the matrix fails fast, and {job.name} failed"
        for other in [other for other in graph.jobs if other.job.id == job.job.id]:
            if other in graph.waiting:
                graph.waiting.remove(other)
                self._settled(graph, other, Conclusion.CANCELLED, reason)
            elif other.key in graph.pending:
                self._groups.leave(graph.pending.pop(other.key)[1])
                self._settled(graph, other, Conclusion.CANCELLED, reason)
            elif other.key in graph.active:
                self._cancel(graph.active[other.key].work)

    def _settled_early(self, graph: Graph, job: PlannedJob) -> bool:
        """Give a job its result without running it, or put others in its place; whether that was done."""
        if not graph.cancelled and (waiting := graph.paused_before(job)):
            self._settled(graph, job, Conclusion.SKIPPED, f"it needs {', '.join(waiting)}, which waits", "paused")
            return True
        try:
            runs = graph.holds(job, cancelled=graph.cancelled)
        except ExpressionError as error:
            self._settled(graph, job, Conclusion.FAILURE, str(error))
            return True
        if not runs:
            if graph.cancelled:
                self._settled(graph, job, Conclusion.CANCELLED, graph.why or "the run was cancelled")
            else:
                self._skip(graph, job)
            return True
        if job.deferred:
            self._expand(graph, job)
            return True
        if self._left_out(graph, job):
            return True
        held = graph.settings.hold(job) if job.job.uses is None else None
        if held is not None:
            self._settled(graph, job, Conclusion.SKIPPED, held)
        return held is not None

    def _left_out(self, graph: Graph, job: PlannedJob) -> bool:
        """Leave a job out that cannot be run here; whether it was."""
        settings = graph.settings
        absent = absence(graph.plan, job, settings.supplied, settings.no_containers)
        if absent is None:
            return False
        if absent.stand_ins and not settings.stand_in(graph.plan, job, absent.stand_ins):
            absent = replace(absent, stand_ins=())
        kind: Absent = "missing" if absent.keeps_others else "supplied"
        self._settled(graph, job, Conclusion.SKIPPED, absent.said, kind, absent.outputs)
        return True

    def _skip(self, graph: Graph, job: PlannedJob) -> None:
        """Skip a job whose condition does not hold; it is missing where a job that it needs was not run here."""
        missing = graph.misses(job)
        if missing:
            names = ", ".join(missing)
            reason = f"it needs {names}, which was not run here: supply what that uploads"
            self._settled(graph, job, Conclusion.SKIPPED, reason, "missing")
        else:
            self._settled(graph, job, Conclusion.SKIPPED, graph.reason(job))

    def _settled(
        self,
        graph: Graph,
        job: PlannedJob,
        conclusion: Conclusion,
        reason: str,
        absent: Absent | None = None,
        outputs: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Book the result of a job that did not run; a caller's jobs have it, too, where they were announced."""
        shown = [each for _, each in foreseen_of(graph.plan, job)]
        for each in shown:
            self._tell(graph, each, conclusion, reason)
        graph.results[job.key] = JobResult(
            planned=job, conclusion=conclusion, outputs=outputs, absent=absent, reason=reason
        )
        graph.inner[job.key] = tuple(
            JobResult(planned=each, conclusion=conclusion, absent=absent, reason=reason) for each in shown
        )
        self._fail_fast(graph, job)

    def _tell(self, graph: Graph, job: PlannedJob, conclusion: Conclusion, reason: str) -> None:
        at = graph.settings.clock()
        graph.settings.emit(JobFinished(job_id=job.key, conclusion=conclusion, at=at, reason=reason))

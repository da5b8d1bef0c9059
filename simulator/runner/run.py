"""All jobs of one workflow: a job starts when its own needs are done, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from simulator.errors import InvalidWorkflowError
from simulator.expressions.language import ExpressionError, Value
from simulator.planning.conditions import job_condition
from simulator.planning.graph import ancestors
from simulator.planning.model import PlannedJob
from simulator.planning.plan import expand_job
from simulator.run_events import Conclusion, JobFinished, JobPlanned
from simulator.runner.action import Resolver
from simulator.runner.job import JobRunner
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, RunSettings
from simulator.runner.preflight import missing_runner


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    """A job that was started; `outlives` says that its condition holds when the run is cancelled, too."""

    runner: JobRunner
    outlives: bool


class Run:
    """One run of one workflow. `execute` may be called once; `cancel` from any thread."""

    def __init__(self, settings: RunSettings, resolve: Resolver, masker: Masker) -> None:
        self._settings = settings
        self._resolve = resolve
        self._masker = masker
        self._lock = threading.Lock()  # held where `_cancelled` and `_running` must agree
        self._jobs = list(settings.plan.jobs)  # a deferred job gives way to the jobs it expands to
        self._waiting = list(settings.plan.jobs)
        self._running: dict[str, _Running] = {}
        self._results: dict[str, JobResult] = {}
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel the run as GitHub does: jobs end, and none starts, but those whose condition holds all the same."""
        with self._lock:
            self._cancelled = True
            ending = [job.runner for job in self._running.values() if not job.outlives]
        for runner in ending:
            runner.cancel()

    def execute(self) -> tuple[JobResult, ...]:
        """Run every job that is to run; results in the order of the plan. Raises what stops the simulator."""
        futures: dict[Future[JobResult], PlannedJob] = {}
        with ThreadPoolExecutor(max_workers=self._settings.max_jobs, thread_name_prefix="job") as pool:
            try:
                while self._waiting or futures:
                    if self._settle_ready(futures, pool):
                        continue
                    done, _ = wait(futures, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finished(futures.pop(future), future.result())
            except BaseException:
                with self._lock:
                    self._cancelled = True
                    left = list(self._running.values())
                for job in left:
                    job.runner.abandon()
                raise
        return tuple(self._results[job.key] for job in self._jobs)

    def _finished(self, job: PlannedJob, result: JobResult) -> None:
        with self._lock:
            del self._running[job.key]
        self._results[job.key] = result
        self._fail_fast(job)

    def _settle_ready(self, futures: dict[Future[JobResult], PlannedJob], pool: ThreadPoolExecutor) -> bool:
        """Start, skip or expand every job whose needs are done; whether another look may find more."""
        again = False
        for job in [job for job in self._waiting if self._ready(job) and self._has_room(job)]:
            if not self._has_room(job):  # taken by one before it
                continue
            self._waiting.remove(job)
            needs = self._needs(job)
            skip = self._why_not(job, needs)
            if skip is not None:
                self._results[job.key] = skip
                again = True
            elif job.deferred:
                self._expand(job, needs)
                again = True
            else:
                futures[pool.submit(self._start(job, needs).run, needs)] = job
        return again

    def _ready(self, job: PlannedJob) -> bool:
        return all(other.key in self._results for other in self._jobs if other.job.id in job.needs)

    def _has_room(self, job: PlannedJob) -> bool:
        running = [other for other in self._jobs if other.job.id == job.job.id and other.key in self._running]
        return job.max_parallel is None or len(running) < job.max_parallel

    def _start(self, job: PlannedJob, needs: Mapping[str, Value]) -> JobRunner:
        runner = JobRunner(self._settings, job, self._resolve, self._masker)
        try:
            outlives = self._holds(job, needs, cancelled=True)
        except ExpressionError:
            outlives = False
        with self._lock:
            self._running[job.key] = _Running(runner=runner, outlives=outlives)
            late = self._cancelled and not outlives
        if late:
            runner.cancel()
        return runner

    # ---- jobs that are not known before their needs are done

    def _expand(self, job: PlannedJob, needs: Mapping[str, Value]) -> None:
        """Put the jobs in the place of one whose matrix or names could not be known before."""
        plan = self._settings.plan
        try:
            expanded = expand_job(plan, job.job.id, needs=needs)
        except InvalidWorkflowError as error:
            self._results[job.key] = self._settled(job, Conclusion.FAILURE, str(error))
            return
        before = job.key.removesuffix(job.job.id)  # the name of the workflow where several are rehearsed
        final = [replace(each, key=f"{before}{each.key}") for each in expanded]
        for each in final:
            self._settings.emit(
                JobPlanned(
                    job_id=each.key,
                    name=each.name,
                    needs=each.needs,
                    workflow=plan.workflow.path,
                    environment=each.environment,
                )
            )
        if job.key not in {each.key for each in final}:
            self._settled(job, Conclusion.SKIPPED, f"its matrix makes {len(final)} jobs of it")
        at = self._jobs.index(job)
        self._jobs[at : at + 1] = final
        self._waiting += final

    # ---- what becomes of a job

    def _fail_fast(self, job: PlannedJob) -> None:
        """A failed combination of a matrix ends the others, unless the file says otherwise."""
        if not job.fail_fast or job.total == 1 or self._results[job.key].conclusion is not Conclusion.FAILURE:
            return
        for other in [other for other in self._waiting if other.job.id == job.job.id]:
            self._waiting.remove(other)
            reason = f"the matrix fails fast, and {job.name} failed"
            self._results[other.key] = self._settled(other, Conclusion.CANCELLED, reason)
        for other in self._jobs:
            if other.job.id == job.job.id and other.key in self._running:
                self._running[other.key].runner.cancel()

    def _conclusions(self) -> dict[str, Conclusion]:
        """How the jobs that are done ended, by id; of a matrix the worst."""
        names = {result.job_id for result in self._results.values()}
        return {
            name: worst([result.conclusion for result in self._results.values() if result.job_id == name])
            for name in names
        }

    def _needs(self, job: PlannedJob) -> dict[str, Value]:
        """The `needs` context of a job; of a matrix the worst result and the last outputs."""
        conclusions = self._conclusions()
        needs: dict[str, Value] = {}
        for name in job.needs:
            outputs: dict[str, Value] = {}
            for result in self._results.values():
                if result.job_id == name:
                    outputs.update(result.outputs)
            needs[name] = {"result": conclusions[name].value, "outputs": outputs}
        return needs

    def _holds(self, job: PlannedJob, needs: Mapping[str, Value], *, cancelled: bool) -> bool:
        results = {name: conclusion.value for name, conclusion in self._conclusions().items()}
        return job_condition(job, self._settings.plan, needs=needs, results=results, cancelled=cancelled)

    def _why_not(self, job: PlannedJob, needs: Mapping[str, Value]) -> JobResult | None:
        """The result of a job that does not run, or None."""
        try:
            runs = self._holds(job, needs, cancelled=self._cancelled)
        except ExpressionError as error:
            return self._settled(job, Conclusion.FAILURE, str(error))
        if not runs:
            if self._cancelled:
                return self._settled(job, Conclusion.CANCELLED, "the run was cancelled")
            return self._settled(job, Conclusion.SKIPPED, self._reason(job))
        if job.deferred:
            return None
        missing = missing_runner(job)
        if missing is not None:
            return self._settled(job, Conclusion.FAILURE, missing)
        held = self._settings.hold(job)
        return None if held is None else self._settled(job, Conclusion.SKIPPED, held)

    def _reason(self, job: PlannedJob) -> str:
        graph = {each.id: [need.value for need in each.needs] for each in self._settings.plan.workflow.jobs.values()}
        before = ancestors(graph, job.job.id)
        bad = [
            f"{name} ({conclusion.value})"
            for name, conclusion in self._conclusions().items()
            if name in before and conclusion is not Conclusion.SUCCESS
        ]
        if bad:
            return f"a job that it needs did not succeed: {', '.join(sorted(bad))}"
        return f"its condition is false: {job.job.condition.source}"

    def _settled(self, job: PlannedJob, conclusion: Conclusion, reason: str) -> JobResult:
        """The result of a job that did not run."""
        self._settings.emit(
            JobFinished(job_id=job.key, conclusion=conclusion, at=self._settings.clock(), reason=reason)
        )
        return JobResult(key=job.key, job_id=job.job.id, conclusion=conclusion)


def worst(conclusions: list[Conclusion]) -> Conclusion:
    """One conclusion for the combinations of a matrix: failure, cancelled, success, skipped, in that order."""
    order = (Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SUCCESS, Conclusion.SKIPPED)
    return next((item for item in order if item in conclusions), Conclusion.SKIPPED)

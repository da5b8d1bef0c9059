"""All jobs of one workflow: a job starts when its own needs are done, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from simulator.expressions.language import ExpressionError, Value
from simulator.planning.conditions import job_condition
from simulator.planning.model import PlannedJob
from simulator.planning.plan import expand_job
from simulator.run_events import Conclusion, JobFinished
from simulator.runner.action import Resolver
from simulator.runner.job import JobRunner
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, RunSettings


class Run:
    """One run of one workflow."""

    def __init__(self, settings: RunSettings, resolve: Resolver, masker: Masker) -> None:
        self._settings = settings
        self._resolve = resolve
        self._masker = masker
        self._lock = threading.Lock()
        self._jobs = list(settings.plan.jobs)  # a deferred job gives way to the jobs it expands to
        self._waiting = list(settings.plan.jobs)
        self._running: dict[str, JobRunner] = {}
        self._results: dict[str, JobResult] = {}
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel the jobs that run, and start no other; from any thread."""
        with self._lock:
            self._cancelled = True
            running = list(self._running.values())
        for job in running:
            job.cancel()

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
                        job = futures.pop(future)
                        self._running.pop(job.key, None)
                        self._results[job.key] = future.result()
                        self._fail_fast(job)
            except BaseException:
                self.cancel()
                raise
        return tuple(self._results[job.key] for job in self._jobs)

    def _settle_ready(self, futures: dict[Future[JobResult], PlannedJob], pool: ThreadPoolExecutor) -> bool:
        """Start, skip or expand every job whose needs are done; whether another look may find more."""
        again = False
        for job in [job for job in self._waiting if self._ready(job)]:
            if not self._has_room(job):
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
                runner = JobRunner(self._settings, job, self._resolve, self._masker)
                with self._lock:
                    self._running[job.key] = runner
                futures[pool.submit(runner.run, needs)] = job
        return again

    def _ready(self, job: PlannedJob) -> bool:
        return all(other.key in self._results for other in self._jobs if other.job.id in job.needs)

    def _has_room(self, job: PlannedJob) -> bool:
        running = [other for other in self._jobs if other.job.id == job.job.id and other.key in self._running]
        return job.max_parallel is None or len(running) < job.max_parallel

    def _expand(self, job: PlannedJob, needs: Mapping[str, Value]) -> None:
        """Put the jobs in the place of one whose matrix or names could not be known before."""
        expanded = expand_job(self._settings.plan, job.job.id, needs=needs)
        at = self._jobs.index(job)
        self._jobs[at : at + 1] = expanded
        self._waiting += expanded

    def _fail_fast(self, job: PlannedJob) -> None:
        """A failed combination of a matrix ends the others, unless the file says otherwise."""
        if not job.fail_fast or job.total == 1 or self._results[job.key].conclusion is not Conclusion.FAILURE:
            return
        for other in [other for other in self._waiting if other.job.id == job.job.id]:
            self._waiting.remove(other)
            reason = f"the matrix fails fast, and {job.name} failed"
            self._results[other.key] = self._skipped(other, Conclusion.CANCELLED, reason)
        for other in self._jobs:
            if other.job.id == job.job.id and other.key in self._running:
                self._running[other.key].cancel()

    def _needs(self, job: PlannedJob) -> dict[str, Value]:
        """The `needs` context of a job; of a matrix the worst result and the last outputs."""
        needs: dict[str, Value] = {}
        for name in job.needs:
            results = [result for result in self._results.values() if result.job_id == name]
            outputs: dict[str, Value] = {}
            for result in results:
                outputs.update(result.outputs)
            needs[name] = {"result": worst(results).value, "outputs": outputs}
        return needs

    def _why_not(self, job: PlannedJob, needs: Mapping[str, Value]) -> JobResult | None:
        """The result of a job that does not run, or None."""
        results = {
            name: worst([result for result in self._results.values() if result.job_id == name]).value
            for name in {result.job_id for result in self._results.values()}
        }
        try:
            runs = job_condition(
                job,
                self._settings.plan,
                needs=needs,
                results=results,
                cancelled=self._cancelled,
            )
        except ExpressionError as error:
            return self._skipped(job, Conclusion.FAILURE, str(error))
        if self._cancelled:
            return self._skipped(job, Conclusion.CANCELLED, "the run was cancelled")
        if not runs:
            return self._skipped(job, Conclusion.SKIPPED, _reason(job, results))
        held = self._settings.hold(job)
        return self._skipped(job, Conclusion.SKIPPED, held) if held is not None else None

    def _skipped(self, job: PlannedJob, conclusion: Conclusion, reason: str) -> JobResult:
        self._settings.emit(
            JobFinished(job_id=job.key, conclusion=conclusion, at=self._settings.clock(), reason=reason)
        )
        return JobResult(key=job.key, job_id=job.job.id, conclusion=conclusion)


def worst(results: list[JobResult]) -> Conclusion:
    """One conclusion for the combinations of a matrix: failure, cancelled, success, skipped, in that order."""
    order = (Conclusion.FAILURE, Conclusion.CANCELLED, Conclusion.SUCCESS, Conclusion.SKIPPED)
    return next((item for item in order if any(result.conclusion is item for result in results)), Conclusion.SKIPPED)


def _reason(job: PlannedJob, results: Mapping[str, str]) -> str:
    bad = [f"{name} ({results[name]})" for name in job.needs if results.get(name) != Conclusion.SUCCESS.value]
    if bad:
        return f"a job that it needs did not succeed: {', '.join(bad)}"
    return f"its condition is false: {job.job.condition.source}"

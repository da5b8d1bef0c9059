"""All jobs of one workflow: a job starts when its own needs are done, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from simulator.expressions.language import ExpressionError, Value
from simulator.planning.conditions import job_condition
from simulator.planning.model import PlannedJob
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
        jobs = self._settings.plan.jobs
        waiting = {job.key: job for job in jobs}
        futures: dict[Future[JobResult], str] = {}
        with ThreadPoolExecutor(max_workers=self._settings.max_jobs, thread_name_prefix="job") as pool:
            try:
                while waiting or futures:
                    self._start_ready(waiting, futures, pool)
                    if not futures:
                        continue
                    done, _ = wait(futures, return_when=FIRST_COMPLETED)
                    for future in done:
                        key = futures.pop(future)
                        self._running.pop(key, None)
                        self._results[key] = future.result()
            except BaseException:
                self.cancel()
                raise
        return tuple(self._results[job.key] for job in jobs)

    def _start_ready(
        self, waiting: dict[str, PlannedJob], futures: dict[Future[JobResult], str], pool: ThreadPoolExecutor
    ) -> None:
        for job in [job for job in waiting.values() if self._ready(job)]:
            del waiting[job.key]
            needs = self._needs(job)
            skip = self._why_not(job)
            if skip is not None:
                self._results[job.key] = skip
                continue
            runner = JobRunner(self._settings, job, self._resolve, self._masker)
            with self._lock:
                self._running[job.key] = runner
            futures[pool.submit(runner.run, needs)] = job.key

    def _ready(self, job: PlannedJob) -> bool:
        needed = set(job.needs)
        return all(other.key in self._results for other in self._settings.plan.jobs if other.job.id in needed)

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

    def _why_not(self, job: PlannedJob) -> JobResult | None:
        """The result of a job that does not run, or None."""
        results = {
            name: worst([result for result in self._results.values() if result.job_id == name]).value
            for name in {result.job_id for result in self._results.values()}
        }
        try:
            runs = job_condition(
                job,
                self._settings.plan,
                needs=self._needs(job),
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

"""Background steps of a job: started beside the others, waited for, cancelled, and what they leave behind.

What such a step sets (outputs, variables, folders of the search path, its outcome) counts once it was waited for, as in
actions/runner's BackgroundStepCoordinator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

from simulator.run_events import Conclusion
from simulator.runner.action import Uses, carry_out
from simulator.runner.log import StepLog
from simulator.runner.model import StepResult
from simulator.runner.state import Frame, JobState
from simulator.runner.step import StepRun, begin, conduct, judge
from simulator.workflow.model import Step

AT_ONCE: Final = 10
_WORDS: Final = {
    Conclusion.SUCCESS: "Succeeded",
    Conclusion.FAILURE: "Failed",
    Conclusion.CANCELLED: "Canceled",
    Conclusion.SKIPPED: "Skipped",
}


@dataclass(kw_only=True, slots=True, eq=False)
class _Started:
    """A background step; `job` is the state that it works on, `waited` says that its own counts for the others."""

    step: Step
    run: StepRun
    result: Future[StepResult]
    waited: bool = False
    ended_on_purpose: bool = False

    @property
    def job(self) -> JobState:
        return self.run.job


class Background:
    """The background steps of one job. A context manager: leaving waits for all, and ends them after an error."""

    def __init__(self, job: JobState, uses: Uses) -> None:
        self._job = job
        self._uses = uses
        self._started: dict[int, _Started] = {}  # by the number of the step
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="background")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._job.life.abandon()
        self._pool.shutdown()

    def start(self, step: Step) -> None:
        """Begin a step whose condition holds, and go on."""
        run = begin(self._job.fork(), step)
        early = judge(run)
        run.life.outlives = False  # a cancel of the job ends it, whatever its condition says
        self._started[step.number] = _Started(
            step=step, run=run, result=self._pool.submit(partial(self._carry_through, run, early))
        )

    def _carry_through(self, run: StepRun, early: StepResult | None) -> StepResult:
        result = early or conduct(run, partial(carry_out, uses=self._uses))
        run.job.finish_step(run.log, result, run.exit_code)
        return result

    # ---- steps that steer them: they run whatever happened before

    def steer(self, step: Step) -> None:
        """Carry out a step that waits for background steps, or cancels them."""
        run = begin(self._job, step)
        outcome = self._steer(step, run.log)
        forgiven = outcome is Conclusion.FAILURE and run.forgiven()
        result = StepResult(outcome=outcome, conclusion=Conclusion.SUCCESS if forgiven else outcome)
        self._job.frame.record(step, result)
        self._job.finish_step(run.log, result)

    def _steer(self, step: Step, log: StepLog) -> Conclusion:
        if step.control == "cancel":
            return self._cancel(self._named(step), log)
        if step.control == "wait-all":
            return self._wait_for_all(log)
        numbers = [inner.number for inner in step.parallel]
        chosen = [self._started[number] for number in numbers] if numbers else self._named(step)
        return self._wait(chosen, log, "background step(s)")

    def _wait_for_all(self, log: StepLog) -> Conclusion:
        left = [each for each in self._started.values() if not each.waited]
        if not left:
            log.write("No background steps remaining to wait for.")
            return Conclusion.SUCCESS
        return self._wait(left, log, "all background step(s)")

    def _wait(self, chosen: Sequence[_Started], log: StepLog, whom: str) -> Conclusion:
        log.write(f"Waiting for {whom} to complete: {_names(chosen)}")
        wait([each.result for each in chosen])
        results = [self._take_up(each).conclusion for each in chosen]
        _tell(log, f"Finished waiting for {whom}.", chosen)
        return _worst(results)

    def _cancel(self, chosen: Sequence[_Started], log: StepLog) -> Conclusion:
        log.write(f"Cancelling background step(s): {_names(chosen)}")
        for each in chosen:
            each.ended_on_purpose = True
            if not each.result.done():
                self._job.life.end(each.run.life)
        wait([each.result for each in chosen])
        for each in chosen:
            self._take_up(each)
        _tell(log, "Finished cancelling background step(s).", chosen)
        return Conclusion.SUCCESS

    def _named(self, step: Step) -> list[_Started]:
        """The background steps that a step names; names that are none are passed over, as GitHub does."""
        wanted = {target.value.lower() for target in step.targets}
        ids = self._job.ids
        return [each for number, each in self._started.items() if ids[number].lower() in wanted]

    # ---- what they leave behind

    def finish(self) -> None:
        """Wait for those that nobody waited for, before the post steps; the job has the result of all of them."""
        if any(not each.waited for each in self._started.values()):
            log = self._job.start_step("Wait for all background steps")
            outcome = self._wait_for_all(log)
            self._job.finish_step(log, StepResult(outcome=outcome, conclusion=outcome))
        for each in self._started.values():
            conclusion = each.result.result().conclusion
            if not (each.ended_on_purpose and conclusion is Conclusion.CANCELLED):
                self._job.frame.merge(conclusion)

    def _take_up(self, started: _Started) -> StepResult:
        """Let what a step set count, once. Raises what stopped the simulator in it."""
        result = started.result.result()
        if not started.waited:
            started.waited = True
            self._job.join(started.job)
            if started.step.id:
                self._job.frame.steps[started.step.id] = result
            for use in self._uses.posts:
                if use.frame is started.job.frame:
                    use.frame = self._job.frame
        return result


def _names(chosen: Iterable[_Started]) -> str:
    return ", ".join(each.run.name for each in chosen) or "(none)"


def _tell(log: StepLog, summary: str, chosen: Iterable[_Started]) -> None:
    log.write(summary)
    for each in chosen:
        log.write(f"  {each.run.name}: {_WORDS[each.result.result().conclusion]}")


def _worst(conclusions: Iterable[Conclusion]) -> Conclusion:
    frame = Frame()
    for conclusion in conclusions:
        frame.merge(conclusion)
    return frame.status

"""How long a job and what runs in it may live: cancelling, limits of time, and the steps that outlive a cancel.

`cancel` and `abandon` may be called from any thread, also before the job began and after it ended; all else belongs to
the job's thread. Knows no workflow.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Final

from simulator.engines.base import Sandbox
from simulator.errors import EngineError

GRACE: Final = 300.0  # seconds that a cancelled job has for its last steps (GitHub's `cancel-timeout-minutes`)


@dataclass(kw_only=True, slots=True)
class StepLife:
    """A step under way: whether it outlives a cancel of its job, and when its own time is up.

    `stop` is set when what it runs is to end.
    """

    outlives: bool = False
    deadline: float = math.inf
    stop: threading.Event = field(default_factory=threading.Event)


class JobLife:
    """The life of one job."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cancelled = self._expired = False
        self._ending = threading.Event()  # set when it is cancelled
        self._deadline = math.inf
        self._grace = GRACE
        # By the thread that carries them out, the outermost first: a composite action's steps are inside the one that
        # uses it.
        self._steps: dict[int, list[StepLife]] = {}
        self._sandbox: Sandbox | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the job was cancelled, by somebody or because its time was up."""
        return self._cancelled

    @property
    def over(self) -> bool:
        """Whether not even a step with `always()` may run any more."""
        return self._cancelled and self._clock() >= self._deadline

    @property
    def expired(self) -> bool:
        """Whether the job was cancelled because its time was up."""
        return self._expired

    def cancel(self) -> None:
        """Cancel the job as GitHub does: what runs is ended unless it outlives that, and `always()` still follows."""
        self._cancel_at(self._clock())

    def abandon(self) -> None:
        """End all that runs, and let nothing follow."""
        with self._lock:
            stopping = [step for steps in self._steps.values() for step in steps]
            self._end(stopping, -math.inf)
        self._interrupt(stopping)

    def end(self, outermost: StepLife) -> None:
        """End one step and what is inside it, and no other."""
        with self._lock:
            stopping = next((steps for steps in self._steps.values() if steps and steps[0] is outermost), [outermost])
            for step in stopping:
                step.stop.set()
        for step in stopping:
            self._interrupt([step], step.stop)

    def limit(self, seconds: float, grace: float = GRACE) -> None:
        """The job has so many seconds from now, and when it is cancelled `grace` for its last steps."""
        with self._lock:
            self._grace = grace
            if not self._cancelled:
                self._deadline = self._clock() + seconds

    def check(self) -> bool:
        """Cancel the job if its time is up; whether that happened now."""
        return self._clock() >= self._deadline and self.expire()

    def expire(self) -> bool:
        """The job's time is up: cancel it, unless it is cancelled; whether that happened now."""
        if self._cancelled:
            return False
        self._expired = True
        self._cancel_at(self._deadline)  # which a step with `always()` may have outlived already
        return True

    def seconds_for(self, step: StepLife) -> tuple[float | None, bool]:
        """How long a process of a step may run, None without a limit; and whether the limit is the job's."""
        with self._lock:
            now = self._clock()
            grace = self._grace if step.outlives and not self._cancelled else 0.0
            job, own = self._deadline + grace - now, step.deadline - now
        return (None if job == own == math.inf else min(job, own)), job < own

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until the job is cancelled; whether it is."""
        return self._ending.wait(seconds)

    @contextlib.contextmanager
    def within(self, sandbox: Sandbox) -> Iterator[None]:
        """The job's sandbox is open."""
        with self._lock:
            self._sandbox = sandbox
        try:
            yield
        finally:
            with self._lock:
                self._sandbox = None

    @contextlib.contextmanager
    def step(self, step: StepLife) -> Iterator[None]:
        """A step is under way, inside those that are."""
        with self._lock:
            steps = self._steps.setdefault(threading.get_ident(), [])
            outer = steps[-1] if steps else None
            if (self._cancelled and not step.outlives) or self.over or (outer is not None and outer.stop.is_set()):
                step.stop.set()
            steps.append(step)
        try:
            yield
        finally:
            with self._lock:
                steps.pop()

    def _cancel_at(self, moment: float) -> None:
        with self._lock:
            if self._cancelled:
                return
            stopping = [step for steps in self._steps.values() for step in dropwhile(lambda step: step.outlives, steps)]
            staying = [steps for steps in self._steps.values() if steps and all(step.outlives for step in steps)]
            self._end(stopping, moment + self._grace)
        if not staying:
            self._interrupt(stopping)
        for step in stopping if staying else ():
            self._interrupt([step], step.stop)

    def _end(self, stopping: list[StepLife], deadline: float) -> None:
        self._cancelled = True
        self._ending.set()
        self._deadline = deadline
        for step in stopping:
            step.stop.set()

    def _interrupt(self, stopping: list[StepLife], stop: threading.Event | None = None) -> None:
        sandbox = self._sandbox
        if stopping and sandbox is not None:
            with contextlib.suppress(EngineError):  # the sandbox is gone, as the job's thread finds out by itself
                sandbox.cancel(stop)

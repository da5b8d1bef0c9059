"""Thirty jobs on a terminal: `python -m tests.report.many_jobs FILE` draws them until FILE is there, then reports."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from simulator.report.live import LiveRenderer
from simulator.run_events import (
    Conclusion,
    JobFinished,
    JobPlanned,
    JobStarted,
    RunEvent,
    RunFinished,
    StepFinished,
    StepLine,
    StepStarted,
    Verdict,
)

JOBS, RUNNING = 30, 12


def opening(now: float) -> list[RunEvent]:
    """Nine jobs that ended, twelve that run and nine that wait."""
    keys = [f"build wheels (cp3{n}-x86)" for n in range(JOBS)]
    events: list[RunEvent] = [JobPlanned(job_id=key, name=key, needs=(), workflow="w") for key in keys]
    events += [JobStarted(job_id=key, at=now) for key in keys[: 9 + RUNNING]]
    events += [JobFinished(job_id=key, conclusion=Conclusion.SUCCESS, at=now) for key in keys[:9]]
    events += [StepStarted(job_id=key, number=1, name="compile", span=None, at=now) for key in keys[9 : 9 + RUNNING]]
    return events


def main(end: Path) -> None:
    """Draw them."""
    renderer = LiveRenderer(sys.stdout)
    for event in opening(time.time()):
        renderer(event)
    count = 0
    while not end.exists():
        count += 1
        key = f"build wheels (cp3{9 + count % RUNNING}-x86)"
        renderer(StepLine(job_id=key, number=1, line=f"line {count}"))
        time.sleep(0.02)
    for n in range(9, 9 + RUNNING):
        key, now = f"build wheels (cp3{n}-x86)", time.time()
        done = Conclusion.SUCCESS
        renderer(StepFinished(job_id=key, number=1, outcome=done, conclusion=done, at=now, exit_code=0))
        renderer(JobFinished(job_id=key, conclusion=done, at=now))
    renderer(RunFinished(verdict=Verdict.GO, reason="all is well", refused=False, at=time.time()))
    renderer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Events of a run, and what its observer makes of them."""

from __future__ import annotations

from simulator.positions import Span
from simulator.rehearsal.observer import Observer
from simulator.run_events import (
    Annotation,
    Conclusion,
    FileUploaded,
    RunEvent,
    StepFinished,
    StepStarted,
)

SPAN = Span(file=".github/workflows/pypi.yml", line=12, column=9)


def failed_step(message: str, job: str = "publish") -> list[RunEvent]:
    return [
        StepStarted(job_id=job, number=2, name="Run publish", span=SPAN, at=1.0),
        Annotation(job_id=job, number=2, level="error", message=message),
        StepFinished(
            job_id=job, number=2, outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE, at=2.0, exit_code=1
        ),
    ]


UPLOAD = FileUploaded(
    job_id="publish",
    index="pypi",
    project="demo",
    version="1",
    filename="demo-1.tar.gz",
    size=1,
    sha256="0",
    status=400,
    message="File already exists ('demo-1.tar.gz', with blake2_256 hash '0').",
)


def observe(*events: RunEvent) -> tuple[Observer, list[RunEvent]]:
    seen: list[RunEvent] = []
    observer = Observer(seen.append)
    for event in events:
        observer(event)
    return observer, seen

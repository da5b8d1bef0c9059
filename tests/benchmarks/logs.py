"""What logs cost: CPU time of 100,000 lines with masks and problem matchers, of their record, and of the tree that
shows the last ones of 100 jobs on a terminal, beside lines that only pass by.

`make bench` prints the table.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table

from simulator.paths import RunFolder
from simulator.report.live import LiveRenderer
from simulator.report.recorder import Recorder
from simulator.report.registry import Renderer
from simulator.run_events import JobPlanned, JobStarted, RunEvent, StepLine, StepStarted
from simulator.runner.log import JobLog, StepLog
from simulator.runner.masking import Masker
from simulator.runner.matchers import Matchers

LINES = 100_000
JOBS = 100
TRIES = 3
MATCHER = {
    "problemMatcher": [
        {
            "owner": "python",
            "pattern": [{"regexp": r"^\s*File \"(.*)\", line (\d+)$", "file": 1, "line": 2, "message": 2}],
        }
    ]
}


def text(number: int) -> str:
    """A line as builds print them."""
    return f"Collecting dependency-{number}>=24.0 (from build, line {number}) downloading from the index, 1.2 MB"


def seconds(secrets: int, *, matchers: bool) -> float:
    """CPU seconds for all lines, the best of some tries."""
    return min(_try(secrets, matchers=matchers) for _ in range(TRIES))


def _try(secrets: int, *, matchers: bool) -> float:
    def ignore(_: RunEvent) -> None:
        pass

    known = Matchers(lambda _: json.dumps(MATCHER).encode(), PurePosixPath("/job"))
    masker = Masker(f"a-secret-value-{n}" for n in range(secrets))
    log = StepLog(JobLog(job_id="build", masker=masker, emit=ignore, matchers=known), 1)
    if matchers:
        log("::add-matcher::m.json")
    lines = [text(number) for number in range(LINES)]
    begin = time.process_time()
    for line in lines:
        log(line)
    return time.process_time() - begin


def shown(folder: Path) -> Mapping[str, float]:
    """CPU seconds of what is told of 100,000 lines of 100 jobs, by who tells it."""
    jobs = [f"test ({n})" for n in range(JOBS)]
    lines = [StepLine(job_id=jobs[n % JOBS], number=1, line=text(n)) for n in range(LINES)]
    with Path(os.devnull).open("w", encoding="utf-8") as terminal:
        console = Console(file=terminal, force_terminal=True, width=80, height=24)
        sinks: dict[str, Renderer] = {
            "record": Recorder(RunFolder(folder)),
            "tree": LiveRenderer(terminal, console=console),
        }
        return {name: _told(sink, jobs, lines) for name, sink in sinks.items()}


def _told(sink: Renderer, jobs: Sequence[str], lines: Sequence[StepLine]) -> float:
    for job in jobs:
        sink(JobPlanned(job_id=job, name=job, needs=(), workflow="w"))
        sink(JobStarted(job_id=job, at=time.time()))
        sink(StepStarted(job_id=job, number=1, name="Run it", span=None, at=time.time()))
    begin = time.process_time()
    for each in lines:
        sink(each)
    took = time.process_time() - begin
    sink.close()
    return took


def main() -> int:
    """Print the tables."""
    bare = seconds(0, matchers=False)
    table = Table("secrets", "matchers", "seconds", "ratio", title=f"{LINES} lines of a step's log")
    for secrets, matchers in ((0, False), (1, False), (20, False), (200, False), (0, True), (20, True)):
        took = seconds(secrets, matchers=matchers)
        table.add_row(str(secrets), "yes" if matchers else "no", f"{took:.2f}", f"{took / bare:.1f}")
    Console().print(table)
    table = Table("of 100 jobs", "seconds", "ratio", title=f"{LINES} lines told")
    with tempfile.TemporaryDirectory() as folder:
        for name, took in shown(Path(folder)).items():
            table.add_row(name, f"{took:.2f}", f"{took / bare:.1f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a step's log costs: CPU time of 100,000 lines with masks and problem matchers, beside lines that only pass by.

`make bench` prints the table.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import PurePosixPath

from rich.console import Console
from rich.table import Table

from simulator.run_events import RunEvent
from simulator.runner.log import JobLog, StepLog
from simulator.runner.masking import Masker
from simulator.runner.matchers import Matchers

LINES = 100_000
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


def main() -> int:
    """Print the table."""
    bare = seconds(0, matchers=False)
    table = Table("secrets", "matchers", "seconds", "ratio", title=f"{LINES} lines of a step's log")
    for secrets, matchers in ((0, False), (1, False), (20, False), (200, False), (0, True), (20, True)):
        took = seconds(secrets, matchers=matchers)
        table.add_row(str(secrets), "yes" if matchers else "no", f"{took:.2f}", f"{took / bare:.1f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())

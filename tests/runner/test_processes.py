"""What becomes of the processes of a job, on real engines."""

from __future__ import annotations

import re
import time
from pathlib import Path

from simulator.engines.base import Engine
from tests.runner.driving import World, job_of

STEPS = """
    - run: |
        sleep 321 > /dev/null 2>&1 &
        RUNNER_TRACKING_ID= sleep 322 > /dev/null 2>&1 &
        echo "$!" > "$RUNNER_TEMP/kept"
    - run: kill -0 "$(cat "$RUNNER_TEMP/kept")"
    - run: cat /proc/self/oom_score_adj
"""


def test_a_process_lives_on_behind_its_step_and_is_ended_with_its_job(engine: Engine, gateway: Path) -> None:
    told = World().run_on(engine, job_of(STEPS), clock=time.time, gateway=gateway)
    assert told.conclusions == {"build": "success"}
    orphans = [line for line in told.lines("build", "text") if line.startswith("Terminate orphan process")]
    assert [re.sub("[0-9]+", "N", line) for line in orphans] == ["Terminate orphan process: pid (N) (sleep)"]


def test_a_step_is_ended_before_pysim_where_memory_is_short(engine: Engine, gateway: Path) -> None:
    told = World().run_on(engine, job_of(STEPS), clock=time.time, gateway=gateway)
    assert "500" in told.lines("build", "text")

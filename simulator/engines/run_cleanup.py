"""Removes what a run has in the daemon once pysim is gone, however it ended: a program of its own.

Containers without pysim's agent do not end with pysim. Started as `run_cleanup.py RUN_ID FOLDER` when a job has such
containers; waits for the end of its standard input, which pysim holds open, then removes what has the run's label and
the folder of the run's containers.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simulator import process
from simulator.engines.builds import remove_built
from simulator.engines.daemon import connected, remove_labelled
from simulator.errors import SimulatorError
from simulator.paths import remove_folder

_EMPTY_LOOKS: Final = 20  # for what the daemon was making while pysim ended
_POLL_INTERVAL: Final = 0.25


def start(run_id: str, folder: Path) -> process.Child:
    """Start it; it ends when its standard input is closed."""
    package = str(Path(__file__).parent.parent.parent)
    code = f"import sys; sys.path.insert(0, {package!r}); from simulator.engines.run_cleanup import main; main()"
    return process.start([sys.executable, "-P", "-c", code, run_id, folder], apart=True)


def main() -> None:
    """Wait, and remove."""
    run_id, folder = sys.argv[1], Path(sys.argv[2])
    with contextlib.suppress(OSError):
        sys.stdin.buffer.read()
    if not folder.exists():  # pysim left all in order
        return
    remove_folder(folder)
    empty = 0
    while empty < _EMPTY_LOOKS:
        found: Sequence[str] = ()
        with contextlib.suppress(SimulatorError), connected() as client:
            found = [*remove_labelled(client, run=run_id), *remove_built(client, run_id)]
        empty = 0 if found else empty + 1
        time.sleep(_POLL_INTERVAL)

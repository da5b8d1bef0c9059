"""The tree in a terminal of 24 lines of 80 columns, which changes its size."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNING = [f"(cp3{n}-x86)" for n in range(9, 21)]


class Terminal:
    """A window of a tmux server of its own."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]

    def run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True, timeout=20)
        return done.stdout

    def shows(self, *, all_of_it: bool = False) -> list[str]:
        """The lines of the screen; with `all_of_it` what has scrolled away, too."""
        history = ["-S", "-"] if all_of_it else []
        return [line.rstrip() for line in self.run("capture-pane", "-p", "-t", "it", *history).splitlines()]

    def wait_for(self, holds: Callable[[list[str]], bool]) -> list[str]:
        end = time.monotonic() + 30
        while not holds(shown := self.shows()):
            assert time.monotonic() < end, "\n".join(shown)
            time.sleep(0.1)
        return shown


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        if os.environ.get("PYSIM_REQUIRE_TERMINAL"):
            pytest.fail("there is no tmux")
        pytest.skip("there is no tmux")
    made = Terminal(tmp_path / "socket")
    play = shlex.join([sys.executable, "-m", "tests.report.many_jobs", str(tmp_path / "end")])
    shell = f"cd {shlex.quote(str(ROOT))}; unset COLUMNS LINES; echo BEFORE; {play}; echo BEHIND; sleep 600"
    made.run("new-session", "-d", "-s", "it", "-x", "80", "-y", "24", shell)
    try:
        yield made
    finally:
        made.run("kill-server")


def has_all(shown: list[str]) -> bool:
    """Whether each running job is there, and the last line of each."""
    return all(any(name in line for line in shown) for name in RUNNING) and sum("line " in line for line in shown) == 12


def test_thirty_jobs_on_a_small_terminal(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for(has_all)
    for width, height in ((60, 18), (120, 40), (80, 24)):
        terminal.run("resize-window", "-t", "it", "-x", str(width), "-y", str(height))
        time.sleep(0.5)
        shown = terminal.wait_for(has_all)
        assert len(shown) <= height
        assert all(sum(name in line for line in shown) == 1 for name in RUNNING), "nothing is left of the last tree"
    (tmp_path / "end").touch()
    terminal.wait_for(lambda shown: "BEHIND" in shown)
    left = terminal.shows(all_of_it=True)
    assert left[0] == "BEFORE"
    assert [line for line in left if line.startswith("GO")] == ["GO  all is well"] * 2
    assert not any(line.startswith("..") for line in left), "nothing is left of the tree"

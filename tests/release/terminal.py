"""A person at a terminal, who answers what `pysim` asks."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.release.driving import PROJECT, Repository

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, kw_only=True)
class Session:
    """How a command ended, and what the terminal showed, without its colours."""

    code: int
    shown: str

    @property
    def words(self) -> str:
        """What was shown, without the places where lines were broken."""
        return " ".join(self.shown.split())


def at_terminal(repository: Repository, *arguments: str, answers: Sequence[tuple[str, str]] = ()) -> Session:
    """Run `pysim run` on a terminal of 100 columns; each answer is typed when its question was shown."""
    words = [sys.executable, "-m", "simulator", "run", "-C", str(repository.root), "--engine", repository.engine]
    keyboard, screen = pty.openpty()
    env = {
        **{name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR"}},
        "PYTHONPATH": str(PROJECT),
        "XDG_CACHE_HOME": str(repository.home / "cache"),
        "XDG_DATA_HOME": str(repository.home / "data"),
        "TERM": "xterm",
        "COLUMNS": "100",
    }
    command = subprocess.Popen(
        [*words, *arguments],
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env=env,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - so that Ctrl-C is a signal
    )
    os.close(screen)
    try:
        shown = _converse(keyboard, list(answers), until=time.monotonic() + 120)
        return Session(code=command.wait(30), shown=shown)
    finally:
        command.kill()
        command.wait()
        os.close(keyboard)


def _converse(keyboard: int, answers: list[tuple[str, str]], *, until: float) -> str:
    shown, since = b"", 0
    while time.monotonic() < until:
        if not select.select([keyboard], [], [], 0.2)[0]:
            continue
        try:
            read = os.read(keyboard, 65536)
        except OSError:  # the end of a terminal's other side
            break
        shown += read
        if answers and answers[0][0].encode() in shown[since:]:
            os.write(keyboard, answers.pop(0)[1].encode())
            since = len(shown)
    return _ESCAPE.sub("", shown.decode(errors="replace")).replace("\r", "")

"""How the real action's programs behave: what a shell makes of a pattern, and Python of an exception."""

from __future__ import annotations

import contextlib
import glob
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator

from simulator.actions.builtin.toolkit import log
from simulator.actions.builtin.toolkit.step import ActionError


def expand(pattern: str) -> list[str]:
    """The words that a shell makes of an unquoted pattern: one that matches nothing stays as it is."""
    return [path for word in pattern.split() for path in sorted(glob.glob(word)) or [word]]  # noqa: PTH207 - text, as a shell's


@contextlib.contextmanager
def uncaught(*, fatal: bool = True) -> Iterator[None]:
    """What happens to an exception that a program of the action does not catch: its traceback is all there is to see.

    Raises ActionError without words then, unless the action goes on without that program.
    """
    try:
        yield
    except ActionError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, as the interpreter does
        log.info(traceback.format_exc().rstrip())
        if fatal:
            raise ActionError from None


def twine(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run twine with a HOME of its own, so that no .pypirc of the job is read, as in the real action's container.

    Raises ActionError without words unless it ends with 0: twine has said what is wrong.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP")) as home:
        isolated = ["-I"] if sys.flags.isolated else []
        command = [sys.executable, *isolated, "-m", "twine", *arguments]
        code = subprocess.run(command, check=False, env={**os.environ, "HOME": home, **(environment or {})}).returncode
    if code != 0:
        raise ActionError

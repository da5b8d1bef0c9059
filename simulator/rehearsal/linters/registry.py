"""The outside linters by the name of their program, and how they are run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from simulator import process
from simulator.diagnostics import Diagnostic
from simulator.errors import ProcessError, UsageError
from simulator.rehearsal.linters.actionlint import ACTIONLINT
from simulator.rehearsal.linters.model import Linter
from simulator.rehearsal.linters.zizmor import ZIZMOR
from simulator.spelling import suggest

LINTERS: Final[Mapping[str, Linter]] = {"actionlint": ACTIONLINT, "zizmor": ZIZMOR}
_LONGEST: Final = 120.0  # seconds


def find_linter(name: str) -> str:
    """The program of a linter. Raises UsageError for one that is not known or not installed."""
    if name not in LINTERS:
        raise UsageError(f"pysim does not know a linter {name}.", hint=suggest(name, LINTERS))
    program = shutil.which(name)
    if program is None:
        raise UsageError(f"{name} is not installed.", hint=f"Install it ({LINTERS[name].install}), or leave it out.")
    return program


def lint(name: str, program: str, root: Path, files: Sequence[str]) -> Iterator[Diagnostic]:
    """What a linter finds in files named relative to `root`. Raises ProcessError when it fails at its work."""
    if not files:
        return
    linter = LINTERS[name]
    done = process.run(linter.command(program, [Path(file) for file in files]), cwd=root, timeout=_LONGEST, check=False)
    try:
        found = linter.parse(done.text)
    except ValueError as error:
        raise ProcessError(f"{name} failed: {done.complaint}", hint=f"Run: {' '.join(done.argv)}") from error
    for each in found:
        yield replace(each, span=replace(each.span, file=_relative(each.span.file, root)))


def _relative(file: str, root: Path) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_absolute() and path.is_relative_to(root) else file

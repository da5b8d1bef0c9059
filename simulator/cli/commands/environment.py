"""`pysim environment import`: what is set up at GitHub, as tables of pysim.toml."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from simulator.errors import ExitCode, UsageError
from simulator.operations.import_environments import Answer, imported_environments

Say = Callable[[str], None]


def import_files(names: Sequence[str], say: Say, warn: Say) -> ExitCode:
    """Say the tables of the environments that are in files: FILE, NAME=FILE for policies, or - for standard input."""
    imported = imported_environments(Path(), [_read(name) for name in names])
    for note in imported.notes:
        warn(f"note: {note}")
    say(imported.tables)
    return ExitCode.GO


def _read(name: str) -> Answer:
    environment, equals, file = name.rpartition("=")
    if equals and Path(name).is_file():
        environment, file = "", name
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.", hint="Name what gh api printed, or -.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8.", hint="Name what gh api printed, or -.") from error
    return Answer(text=text, file="standard input" if file == "-" else file, environment=environment or None)

"""What an outside linter is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from simulator.diagnostics import Diagnostic


class Parse(Protocol):
    """Reads a program's output into diagnostics with codes `program/rule`. Raises ValueError for what is none."""

    def __call__(self, output: str, /) -> Sequence[Diagnostic]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Linter:
    """A program: its arguments in front of the files, and how its output is read."""

    arguments: Sequence[str]
    parse: Parse
    install: str  # how one gets it

    def command(self, program: str, files: Sequence[Path]) -> tuple[str, ...]:
        """The command line."""
        return (program, *self.arguments, *map(str, files))

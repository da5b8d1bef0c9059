"""What is wrong with a file, in words one can act on. Knows positions, no file format."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.positions import Span
    from simulator.remedies import Remedy


class Severity(enum.StrEnum):
    """How much a diagnostic or a finding weighs; only an error decides a verdict."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One problem of one file; `code` is stable and is what tests and users refer to.

    `shown_at` is where GitHub shows it when that is another place: the start of the value that holds an expression, or
    the call of the file. `remedies` are what of the hint pysim can be asked for. `events` are those for whose runs it
    holds, such as `release` or `push tag`, whichever jobs these have; None: for runs that have the job that it is in.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str | None = None
    shown_at: Span | None = None
    remedies: tuple[Remedy, ...] = ()
    events: frozenset[str] | None = None

    def __str__(self) -> str:
        text = f"{self.span}: {self.severity}: {self.message} [{self.code}]"
        return f"{text}\n  {self.hint}" if self.hint else text

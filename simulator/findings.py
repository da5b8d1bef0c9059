"""The parts of a verdict: what a rehearsal found, and what the release would have shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.diagnostics import Severity

if TYPE_CHECKING:
    from simulator.positions import Span
    from simulator.remedies import Remedy

__all__ = ["Finding", "Severity"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One result of a rehearsal: an error is what the release would fail by.

    `unrehearsed` are the keys of the jobs of which, for this, something was not run. `accepted` says why the user
    takes it as it is: then it keeps no verdict back.

    `where` is a place in a file, or the job, step or file concerned in words, and `source` the line of that file, where
    it is one of the rehearsed commit; `would_show` is the text that the real
    release would have shown; `hint` says how to mend it, and `remedies` what of that pysim can be asked for.
    """

    code: str
    severity: Severity
    message: str
    hint: str
    where: Span | str | None = None
    would_show: str | None = None
    remedies: tuple[Remedy, ...] = ()
    unrehearsed: tuple[str, ...] = ()
    accepted: str | None = None
    source: str | None = None

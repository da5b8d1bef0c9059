"""The lines of a failed step's log that say why. Knows no terminal."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from simulator.report.state import StepState, complains
from simulator.report.words import last_lines
from simulator.run_events import StepLine

LONGEST: Final = 240  # columns of a line of a log
EXIT_CODE: Final = re.compile(r"Process completed with exit code \d+\.")


def complaint_lines(step: StepState, count: int, told: Collection[str] = ()) -> list[str]:
    """At most `count` lines of a step's log, around its first complaint and its last; those that are told are not."""
    last = _shown(step.lines, told)
    before = _shown([said for said in step.complaint if all(said is not other for other in step.lines)], told)
    start = 0 if before else next((n for n, text in enumerate(last) if complains(text)), len(last))
    if not before and (not step.complains or len(last) - start < count):
        return last[-count:]
    half = count // 2
    first = [*before, *last[start:]][:half] if before else last[max(0, start - 1) : start - 1 + half]
    return [*first, "…", *last[half - count + 1 :]]


def _shown(lines: Iterable[StepLine], told: Collection[str]) -> list[str]:
    rest = [said for said in lines if said.level != "error" or not (said.line in told or EXIT_CODE.match(said.line))]
    return [_cut(text) for text in last_lines(rest, len(rest))]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"

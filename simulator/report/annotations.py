"""What steps attached to the run, in the order in which a reader wants it. Knows no renderer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from simulator.run_events import Annotation

_ORDER: Final = ("error", "warning", "notice")


def by_level(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Each once, errors first, in the order in which they came within a level."""
    return sorted(dict.fromkeys(annotations), key=lambda note: _ORDER.index(note.level))


def annotation_place(note: Annotation) -> str | None:
    """`file:line`, `file:line:column` or `file:line-line`; None when no file is named."""
    if note.file is None:
        return None
    if note.line is None:
        return note.file
    if note.end_line is not None and note.end_line != note.line:
        return f"{note.file}:{note.line}-{note.end_line}"
    return f"{note.file}:{note.line}" + (f":{note.column}" if note.column is not None else "")

"""The table of drills: what failed, what the first attempt left, what the second made of it, and what to do then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.report.words import index_name, plural, without_escapes

WIDTH: Final = 160  # columns where the output is no terminal
_LONGEST: Final = 160  # characters of a reason in the table
_STYLES: Final[Mapping[str, str]] = {
    "not met": "dim",
    "first attempt": "green",
    "second attempt": "green",
    "lost": "bold red",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillView:
    """A drill as it is shown; `there` and `missing` are files after the first attempt, each its index and its name.

    `first` and `second` are why an attempt failed, empty for one that did not; `second` is None when there was none.
    `outcome` is the attempt that completed the release, "lost" or "not met"; one that does not count is only told.
    """

    name: str
    faults: Sequence[str]
    says: str
    outcome: str
    counts: bool
    first: str
    there: Sequence[tuple[str, str]]
    missing: Sequence[tuple[str, str]]
    second: str | None
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillsView:
    """All drills, or why there are none; `record` is the folder of their logs."""

    drills: Sequence[DrillView]
    survives: bool
    left: Sequence[str]
    record: str
    stopped: str | None = None


def as_json(view: DrillsView) -> dict[str, object]:
    """The same as one object for JSON."""
    return {"schemaVersion": 1, **asdict(view)}


def print_drills(view: DrillsView, console: Console) -> None:
    """Print the table and the verdict."""
    if view.drills:
        console.print(_table(view.drills))
        console.print()
    for text in (*_notes(view), verdict(view)):
        console.print(Text(without_escapes(text)), soft_wrap=True)


def verdict(view: DrillsView) -> str:
    """The last line."""
    return f"{'GO' if view.survives else 'NO-GO'}  {summed(view)}"


def summed(view: DrillsView) -> str:
    """All drills in a sentence."""
    if view.stopped is not None:
        return without_escapes(view.stopped.splitlines()[0])
    counted = [drill for drill in view.drills if drill.counts]
    counts = {outcome: sum(drill.outcome == outcome for drill in counted) for outcome in _STYLES}
    lost = [drill.name for drill in counted if drill.outcome == "lost"]
    said = [f"{plural(len(counted), 'drill')}"]
    said += [f"{counts['first attempt']} in the first attempt, {counts['second attempt']} in the second"]
    said += [f"{counts['not met']} not met"] if counts["not met"] else []
    if lost:
        return f"{', '.join(said)}; the release does not survive {', '.join(lost)}"
    return f"{', '.join(said)}; the release survives all of them"


def _notes(view: DrillsView) -> list[str]:
    notes = [f"Not drilled, as nothing that publishes needs it: {', '.join(view.left)}"] if view.left else []
    aside = [drill for drill in view.drills if not drill.counts and drill.outcome == "lost"]
    notes += [f"{drill.name} does not count: {drill.advice}" for drill in aside]
    return [*notes, f"Record: {view.record}", ""]


def _table(drills: Sequence[DrillView]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    for name in ("drill", "first attempt", "after it", "second attempt", "what to do"):
        table.add_column(name, overflow="fold", vertical="top")
    for drill in drills:
        head = Text.assemble((drill.name, "bold"), "\n", (", ".join(drill.faults), "dim"))
        cells = (_said(drill.first), _state(drill), "" if drill.second is None else _said(drill.second), drill.advice)
        style = _STYLES[drill.outcome] if drill.counts or drill.outcome != "lost" else "yellow"
        table.add_row(head, *(Text(without_escapes(cell)) for cell in cells[:-1]), Text(cells[-1], style=style))
    return table


def _said(reason: str) -> str:
    if not reason:
        return "ok"
    text = " ".join(reason.split())
    return f"fails: {text if len(text) <= _LONGEST else f'{text[: _LONGEST - 3]}...'}"


def _state(drill: DrillView) -> str:
    if drill.outcome == "not met":
        return "the fault took no effect"
    total = len(drill.there) + len(drill.missing)
    if not drill.missing:
        return f"all {total} files there" if total > 1 else "the only file there"
    if not drill.there:
        return "no file there"
    several = len({index for index, _ in (*drill.there, *drill.missing)}) > 1
    names = [f"{name} ({index_name(index)})" if several else name for index, name in drill.missing]
    return f"{len(drill.there)} of {plural(total, 'file')} there, missing: {', '.join(names)}"

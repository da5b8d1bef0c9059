"""The go / no-go report, made from the state of a run alone.

Readable without colour, and on one screen when all is well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.text import Text

from simulator.findings import Severity
from simulator.paths import RunFolder
from simulator.report import failures, sections
from simulator.report.layout import LABEL, Line, line, section
from simulator.report.state import LAST_LINES, RunState
from simulator.report.words import VERDICTS
from simulator.run_events import Verdict

if TYPE_CHECKING:
    from rich.console import Console

_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.GO: "bold green",
    Verdict.NO_GO: "bold red",
    Verdict.NOT_REHEARSED: "bold yellow",
    Verdict.NOTHING_PUBLISHED: "bold yellow",
    Verdict.PAUSED: "bold yellow",
}


def report(
    state: RunState,
    console: Console,
    *,
    folder: RunFolder | None = None,
    log_lines: int = LAST_LINES,
    whole: bool = True,
) -> list[Text]:
    """The report's lines, wrapped to the console's width; the verdict is the first and the last.

    `folder` is where the record of the run is now, None where it is where the run made it; `log_lines` is how much of
    a failed step's log is shown. A go that need not be `whole` fits a screen.
    """
    folder = _as_named(folder or _made_in(state))
    short = not whole and state.verdict is Verdict.GO
    content = _short(state, folder) if short else _whole(state, console, folder, log_lines)
    body = [text for label, rows in content for text in section(label, rows, console)]
    blank, verdict = line().text, _verdict(state, console)
    return [blank, *verdict, blank, *body, blank, *verdict]


Sections = Sequence[tuple[str, Sequence[Line]]]


def _short(state: RunState, folder: RunFolder | None) -> Sections:
    """What a person wants to know of a go."""
    return (
        ("Rehearsed", sections.rehearsed(state)),
        ("Published", sections.taken(state)),
        ("Installed", sections.installs(state)),
        ("On GitHub", sections.github(state)),
        ("Not run", failures.not_run(state)),
        ("Findings", failures.findings(state)),
        ("Annotations", failures.annotated(state, least=Severity.WARNING)),
        ("Publisher", sections.registrations(state)),
        ("Faults", sections.faults(state)),
        ("Jobs", sections.jobs(state)),
        ("Notes", failures.notes(state)),
        ("Record", _record(state, folder, more=True)),
    )


def _whole(state: RunState, console: Console, folder: RunFolder | None, log_lines: int) -> Sections:
    return (
        ("Trigger", sections.trigger(state)),
        ("Settings", sections.settings(state)),
        ("Engine", sections.engine(state)),
        ("Actions", sections.actions(state)),
        ("Faults", sections.faults(state)),
        ("Jobs", sections.jobs(state)),
        ("Artifacts", sections.artifacts(state)),
        ("Caches", sections.caches(state)),
        ("Environment", sections.gates(state)),
        ("Publisher", sections.exchanges(state)),
        ("Published", sections.published(state, console.width - LABEL)),
        ("Installed", sections.installs(state)),
        ("On GitHub", sections.github(state)),
        ("Outside", sections.outside(state)),
        ("Annotations", failures.annotated(state)),
        ("Summaries", failures.summaries(state, folder, console)),
        ("Failed", failures.failed(state, folder, log_lines)),
        ("Notes", failures.notes(state)),
        ("Not run", failures.not_run(state)),
        ("Findings", failures.findings(state)),
        ("Cause", failures.cause(state)),
        ("Record", _record(state, folder)),
    )


def _made_in(state: RunState) -> RunFolder | None:
    return RunFolder(Path(state.started.record)) if state.started and state.started.record else None


def _as_named(folder: RunFolder | None) -> RunFolder | None:
    """A folder as the user would name it from where he is."""
    here = Path.cwd()
    return RunFolder(folder.path.relative_to(here)) if folder and folder.path.is_relative_to(here) else folder


def _record(state: RunState, folder: RunFolder | None, *, more: bool = False) -> list[Line]:
    """A run that did not end left no page."""
    if folder is None:
        return []
    also = ", and says more" if more else ""
    page = [line(f"{folder.page.name} in it is this report as a page{also}")] if state.finished else []
    return [line(f"{folder.path}/"), *page]


def _verdict(state: RunState, console: Console) -> list[Text]:
    if state.finished is None:
        last = line(("NOT FINISHED", "bold yellow"), "  The run ended before its verdict.").text
    else:
        verdict = state.finished.verdict
        last = line((VERDICTS[verdict], _VERDICTS[verdict]), f"  {state.finished.reason}").text
    # A log keeps it on one line, where programs and people look for it.
    return list(last.wrap(console, console.width, overflow="fold")) if console.is_terminal else [last]

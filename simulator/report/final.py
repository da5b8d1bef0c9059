"""The go / no-go report alone, when all events have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console

from simulator.report.go_no_go import report
from simulator.report.layout import show
from simulator.report.plain import WIDTH
from simulator.report.state import RunState, advance
from simulator.run_events import RunEvent

if TYPE_CHECKING:
    from simulator.paths import RunFolder


class ReportRenderer:
    """Prints the report on `close`, also that of a run which did not end."""

    def __init__(self, stream: TextIO, *, folder: RunFolder | None = None) -> None:
        self._console = Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH)
        self._folder = folder
        self._state = RunState()
        self._closed = False

    def __call__(self, event: RunEvent, /) -> None:
        self._state = advance(self._state, event)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            show(report(self._state, self._console, folder=self._folder), self._console)

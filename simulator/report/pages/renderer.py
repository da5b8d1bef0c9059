"""The page of a run as its events come: written once, when the run is over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from simulator.errors import UsageError
from simulator.report.pages.record import RunRecord
from simulator.run_events import RunEvent
from simulator.safe_files import replacing


class HtmlRenderer:
    """Writes the page to each of `paths`. A run in which nothing began has none. `close` raises UsageError."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._record = RunRecord()
        self._closed = False

    def __call__(self, event: RunEvent, /) -> None:
        self._record.add(event)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._record.state.started is not None:
            write_page(self._record, self._paths)


def write_page(record: RunRecord, paths: Sequence[Path]) -> None:
    """Write the page of a run, each file in one step. Raises UsageError."""
    from simulator.report.pages.page import document

    for path in paths:
        try:
            with replacing(path) as file:
                file.write(document(record, _root(record, path)))
        except OSError as error:
            message = f"Cannot write the page {path}: {error.strerror}"
            raise UsageError(message, hint="Name a file in a folder that you can write.") from error


def _root(record: RunRecord, page: Path) -> str:
    """Where the folder of the run lies, as the page sees it."""
    started = record.state.started
    if started is None or not started.record:
        return "."
    return quote(Path(os.path.relpath(started.record, page.absolute().parent)).as_posix())

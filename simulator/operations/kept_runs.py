"""The runs that are kept: found by id, by their record, or the last one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from simulator.errors import UsageError
from simulator.paths import RunFolder, StateFolder
from simulator.remedies import Act, remedy
from simulator.report.codec import read_events
from simulator.run_events import RunEvent
from simulator.triggers.repository import find_root


def kept_run(repository: Path, run: str | None = None) -> RunFolder:
    """A run of a repository: by its id, its folder or its record (events.jsonl), else the last. Raises UsageError."""
    if run is not None:
        path = Path(run)
        if path.is_dir() and (path / "events.jsonl").exists():
            return RunFolder(path)
        if path.name == "events.jsonl" and path.exists():
            return RunFolder(path.parent)
    state = StateFolder(find_root(repository))
    if run is not None:
        return state.run(run)
    latest = state.latest_run()
    if latest is None:
        raise UsageError(f"There is no run in {state.runs}.", hint="Rehearse one.", remedies=(remedy(Act.REHEARSE),))
    return latest


def events_of(run: RunFolder) -> Iterator[RunEvent]:
    """The events of a run as they were recorded. Raises UsageError for what is no record."""
    return read_events(run.events)

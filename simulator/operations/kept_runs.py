"""The runs that are kept: found by id, by their record, or the last one."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from simulator.errors import UsageError
from simulator.operations.kept_state import kept_state
from simulator.paths import RunFolder, StateFolder
from simulator.remedies import Act, remedy
from simulator.report.codec import read_events
from simulator.run_events import RunEvent, RunStarted
from simulator.triggers.repository import find_root

_FIRST: Final = 20  # events of a record, among which is that of its start


def kept_run(repository: Path, run: str | None = None) -> RunFolder:
    """A run of a repository: by its id, its folder or its record (events.jsonl), else the last.

    Raises UsageError, also where what is kept is not pysim's own.
    """
    if run is not None:
        path = Path(run)
        if path.is_dir() and (path / "events.jsonl").exists():
            return _named(path)
        if path.name == "events.jsonl" and path.exists():
            return _named(path.parent)
    state = kept_state(find_root(repository))
    if run is not None:
        return _whole(state.run(run))
    latest = max(state.all_runs(), key=_started, default=None)
    if latest is None:
        raise UsageError(f"There is no run in {state.runs}.", hint="Rehearse one.", remedies=(remedy(Act.REHEARSE),))
    return _whole(latest)


def _named(folder: Path) -> RunFolder:
    """A run that lies anywhere; one in the state of a repository has to be pysim's own, too."""
    for each in folder.resolve().parents:
        if (state := StateFolder(each.parent)).path == each:
            kept_state(state.root)
    return _whole(RunFolder(folder))


def _whole(run: RunFolder) -> RunFolder:
    """The same, once it is known that all of it lies in its folder."""
    run.require_no_links()
    return run


def _started(run: RunFolder) -> tuple[float, str]:
    """When a run was started, as its record says; as its name does where there is no such record."""
    with contextlib.suppress(UsageError):
        for event in itertools.islice(events_of(run), _FIRST):
            if isinstance(event, RunStarted):
                return event.at, run.id
    return run.named_at, run.id


def events_of(run: RunFolder) -> Iterator[RunEvent]:
    """The events of a run as they were recorded. Raises UsageError for what is no record."""
    return read_events(run.events)

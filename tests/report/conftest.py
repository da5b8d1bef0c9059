"""Recorded runs, one a folder under `cases/`: `events.jsonl` and what is to be made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from simulator.report.codec import read_events
from simulator.run_events import RunEvent

CASES = Path(__file__).parent / "cases"
EventsOf = Callable[[str], Sequence[RunEvent]]


@pytest.fixture
def events_of() -> EventsOf:
    """The events of a case by its name."""
    return lambda name: tuple(read_events(CASES / name / "events.jsonl"))

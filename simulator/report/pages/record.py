"""What a page needs of a run: its state, the logs of its steps, and the requests of its jobs. Bounded in size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from simulator.report.state import RunState, advance
from simulator.run_events import Conclusion, RunEvent, StepFinished, StepLine, TwinRequest

FIRST_LINES: Final = 500  # of a log of a step that failed
LAST_LINES: Final = 5000
MOST_REQUESTS: Final = 2000


@dataclass(kw_only=True, slots=True)
class StepRecord:
    """The first and the last lines of a step's log, and how many there are in all. Of one that ended well, none."""

    first: list[StepLine] = field(default_factory=list)
    last: deque[StepLine] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    count: int = 0

    def add(self, line: StepLine) -> None:
        """Take a line."""
        self.count += 1
        if len(self.first) < FIRST_LINES:
            self.first.append(line)
        else:
            self.last.append(line)

    def drop(self) -> None:
        """Keep no line."""
        self.first, self.last = [], deque()

    @property
    def left_out(self) -> int:
        """How many lines are not kept."""
        return self.count - len(self.first) - len(self.last)


@dataclass(kw_only=True, slots=True)
class RunRecord:
    """A run as its events tell it."""

    state: RunState = field(default_factory=RunState)
    logs: dict[tuple[str, int], StepRecord] = field(default_factory=dict)
    requests: list[TwinRequest] = field(default_factory=list)
    request_count: int = 0

    def add(self, event: RunEvent) -> None:
        """Take an event."""
        if isinstance(event, StepLine):  # the state would keep the last few once more
            log = self.logs.get((event.job_id, event.number))
            if log is None:
                log = self.logs[event.job_id, event.number] = StepRecord()
            log.add(event)
            return
        self.state = advance(self.state, event)
        if isinstance(event, StepFinished) and (kept := self.logs.get((event.job_id, event.number))) is not None:
            if event.outcome is not Conclusion.FAILURE:
                kept.drop()
        elif isinstance(event, TwinRequest):
            self.request_count += 1
            if len(self.requests) < MOST_REQUESTS:
                self.requests.append(event)


def record_of(events: Iterable[RunEvent]) -> RunRecord:
    """The record after all events."""
    record = RunRecord()
    for event in events:
        record.add(event)
    return record

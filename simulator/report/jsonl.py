"""The run as JSON lines for programs: every event, and as the last line the summary (`"type": "summary"`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TextIO

from simulator.report.codec import dump
from simulator.report.state import RunState, advance
from simulator.report.summary import summary
from simulator.run_events import RunEvent, RunFinished


class JsonRenderer:
    """Writes to a stream. A run that ended before its verdict has no summary; `add` is what else belongs into it."""

    def __init__(self, stream: TextIO, add: Callable[[RunFinished], Mapping[str, object]] = lambda _: {}) -> None:
        self._stream, self._add = stream, add
        self._state = RunState()
        self._closed = False

    def __call__(self, event: RunEvent, /) -> None:
        self._state = advance(self._state, event)
        self._write(dump(event))

    def close(self) -> None:
        if not self._closed and (result := summary(self._state)) is not None and self._state.finished is not None:
            self._write(json.dumps({"type": "summary", **result, **self._add(self._state.finished)}))
        self._closed = True

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()

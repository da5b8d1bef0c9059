"""A process in a further container: its output, its limits, and how it is ended. Knows no daemon."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from simulator.engines.base import Exit, LineSink
from simulator.engines.channel import QUEUED, Lines

LINGER: Final = 5.0  # seconds that a child may keep the output open after its command ended
# As GitHub's runner ends a step: the signal, and the seconds until the next.
_STAGES: Final = (("SIGINT", 7.5), ("SIGTERM", 2.5), ("SIGKILL", None))
_LOOKS: Final = 0.25  # seconds between looks at a silent process
Frame = tuple[bytes | None, bytes | None]  # of standard output and of standard error
_Told = Frame | Literal["cancel", "end"]


@dataclass(kw_only=True, eq=False)
class Followed:
    """A process that runs.

    `frames` is its output up to the end, `ended` gives its exit code once it has one, `signal` sends it a signal.
    """

    frames: Iterable[Frame]
    ended: Callable[[], int | None]
    signal: Callable[[str], None]
    _told: queue.Queue[_Told] = field(default_factory=lambda: queue.Queue(QUEUED))
    _reason: Literal["exited", "timed-out", "cancelled"] = "exited"

    def cancel(self) -> None:
        """End it, from any thread."""
        with contextlib.suppress(queue.Full):
            self._told.put("cancel", timeout=LINGER)

    def follow(self, on_line: LineSink, timeout: float | None) -> Exit:
        """Hand over the output until it ended and its output did, or was kept open for too long."""
        threading.Thread(target=self._read, name="container output", daemon=True).start()
        streams = (Lines(on_line), Lines(on_line))
        stages: Iterator[tuple[str, float | None]] = iter(_STAGES)
        deadline = None if timeout is None else time.monotonic() + timeout
        silent, ended_at, code = False, 0.0, None
        while True:
            told = self._listen(0.01 if silent else _LOOKS, deadline)
            if isinstance(told, tuple):
                for lines, data in zip(streams, told, strict=True):
                    lines.feed(data or b"")
                continue
            silent = silent or told == "end"
            if code is None and (code := self.ended()) is not None:
                ended_at = time.monotonic()
            if code is not None and (silent or time.monotonic() >= ended_at + LINGER):
                for lines in streams:
                    lines.close()
                if self._reason != "exited":
                    self.signal("SIGKILL")
                return Exit(code=code, reason=self._reason)
            late = deadline is not None and time.monotonic() >= deadline
            if code is None and (late or (told == "cancel" and self._reason == "exited")):
                if self._reason == "exited":
                    self._reason = "cancelled" if told == "cancel" else "timed-out"
                number, seconds = next(stages)
                deadline = None if seconds is None else time.monotonic() + seconds
                self.signal(number)

    def _listen(self, pause: float, deadline: float | None) -> _Told | None:
        if deadline is not None:
            pause = max(0.0, min(pause, deadline - time.monotonic()))
        try:
            return self._told.get(timeout=pause)
        except queue.Empty:
            return None

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for frame in self.frames:
                self._told.put(frame)
        self._told.put("end")

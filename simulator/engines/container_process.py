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

OUTPUT_GRACE: Final = 5.0  # seconds that a child may keep the output open after its command ended
# As GitHub's runner ends a step: the signal, and the seconds until the next.
_STAGES: Final = (("SIGINT", 7.5), ("SIGTERM", 2.5), ("SIGKILL", None))
_POLL_INTERVAL: Final = 0.25  # seconds between looks at a silent process
Frame = tuple[bytes | None, bytes | None]  # of standard output and of standard error
_Message = Frame | Literal["cancel", "end"]


@dataclass(kw_only=True, eq=False)
class ContainerProcess:
    """A process that runs.

    `frames` is its output up to the end, `ended` gives its exit code once it has one, `signal` sends it a signal.
    """

    frames: Iterable[Frame]
    ended: Callable[[], int | None]
    signal: Callable[[str], None]
    _messages: queue.Queue[_Message] = field(default_factory=lambda: queue.Queue(QUEUED))
    _reason: Literal["exited", "timed-out", "cancelled"] = "exited"

    def cancel(self) -> None:
        """End it, from any thread."""
        with contextlib.suppress(queue.Full):
            self._messages.put("cancel", timeout=OUTPUT_GRACE)

    def follow(self, on_line: LineSink, timeout: float | None) -> Exit:
        """Hand over the output until it ended and its output did, or was kept open for too long."""
        threading.Thread(target=self._read, name="container output", daemon=True).start()
        streams = (Lines(on_line), Lines(on_line))
        stages: Iterator[tuple[str, float | None]] = iter(_STAGES)
        deadline = None if timeout is None else time.monotonic() + timeout
        silent, ended_at, code = False, 0.0, None
        while True:
            message = self._next(0.01 if silent else _POLL_INTERVAL, deadline)
            if isinstance(message, tuple):
                for lines, data in zip(streams, message, strict=True):
                    lines.feed(data or b"")
                continue
            silent = silent or message == "end"
            if code is None and (code := self.ended()) is not None:
                ended_at = time.monotonic()
            if code is not None and (silent or time.monotonic() >= ended_at + OUTPUT_GRACE):
                for lines in streams:
                    lines.close()
                if self._reason != "exited":
                    self.signal("SIGKILL")
                return Exit(code=code, reason=self._reason)
            late = deadline is not None and time.monotonic() >= deadline
            if code is None and (late or (message == "cancel" and self._reason == "exited")):
                if self._reason == "exited":
                    self._reason = "cancelled" if message == "cancel" else "timed-out"
                number, seconds = next(stages)
                deadline = None if seconds is None else time.monotonic() + seconds
                self.signal(number)

    def _next(self, pause: float, deadline: float | None) -> _Message | None:
        if deadline is not None:
            pause = max(0.0, min(pause, deadline - time.monotonic()))
        try:
            return self._messages.get(timeout=pause)
        except queue.Empty:
            return None

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for frame in self.frames:
                self._messages.put(frame)
        self._messages.put("end")

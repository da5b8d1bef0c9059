"""Cancelling an operation from another thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from simulator.errors import CancelledError


class Cancellation:
    """Whoever holds it may cancel the operation that it was handed to, once; `cancel` may be called from any thread.

    One that was cancelled before the operation began ends it at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._ends: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """End the operation: it raises CancelledError as soon as what it started has ended."""
        with self._lock:
            self._cancelled = True
            ends = tuple(reversed(self._ends))
        for end in ends:
            end()

    def require_going(self) -> None:
        """Raise CancelledError when it was cancelled."""
        if self._cancelled:
            raise CancelledError

    @contextlib.contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """What ends that which runs in the context, within what ends that around it; called at once when it is late."""
        with self._lock:
            self._ends.append(end)
            late = self._cancelled
        try:
            if late:
                end()
            yield
        finally:
            with self._lock:
                self._ends.remove(end)

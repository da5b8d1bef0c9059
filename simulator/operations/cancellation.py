"""Cancelling an operation from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from simulator.errors import CancelledError


class Cancellation:
    """Whoever holds it may cancel the operation that it was handed to, once; `cancel` may be called from any thread.

    One that was cancelled before the operation began ends it at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._end: Callable[[], None] | None = None

    def cancel(self) -> None:
        """End the operation: it raises CancelledError as soon as what it started has ended."""
        with self._lock:
            self._cancelled = True
            end = self._end
        if end is not None:
            end()

    def require_going(self) -> None:
        """Raise CancelledError when it was cancelled."""
        if self._cancelled:
            raise CancelledError

    def ends_with(self, end: Callable[[], None] | None) -> None:
        """What ends that which runs from now on, None for nothing; called at once when it was cancelled before."""
        with self._lock:
            self._end = end
            late = self._cancelled
        if late and end is not None:
            end()

"""Ctrl-C, SIGTERM and a closed terminal end a run once: what comes right behind must not break off the clean-up."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

IMPATIENCE: Final = 5.0  # seconds in which another Ctrl-C is the same one
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def interrupted_once() -> Iterator[None]:
    """Raise KeyboardInterrupt in the main thread for the first signal, and again for one that comes much later."""
    raised_at: float | None = None

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal raised_at
        now = time.monotonic()
        if raised_at is None or now - raised_at > IMPATIENCE:
            raised_at = now
            raise KeyboardInterrupt

    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup's is not
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

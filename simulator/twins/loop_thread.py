"""A thread that runs an event loop for what is served there. Knows no twin."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")
START_SECONDS = 30.0
Serve = Callable[[Callable[[S], None], asyncio.Event], Coroutine[Any, Any, None]]
"""Serves until the event is set; calls its first argument, once, with what others may use from then on."""


class LoopThread(Generic[S]):
    """Runs what serves in an event loop of its own, and is the way into that loop from other threads.

    `served` is what it said may be used. Raises what serving raised before that.
    """

    def __init__(self, serve: Serve[S]) -> None:
        started: concurrent.futures.Future[S] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(serve, started), name="twins", daemon=True)
        self._thread.start()
        self.served = started.result(START_SECONDS)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        """Let it end, and wait for the thread."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self, serve: Serve[S], started: concurrent.futures.Future[S]) -> None:
        try:
            asyncio.run(self._main(serve, started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _main(self, serve: Serve[S], started: concurrent.futures.Future[S]) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        await serve(started.set_result, self._end)

"""An application that is made while others serve already: what some twins need takes long to import."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

Closing = Callable[[], Awaitable[None]]
A = TypeVar("A", bound=ASGIApp)


class LazyApplication(Generic[A]):
    """Makes an application and what closes it, once, in a worker thread: when told to, or when it is first asked."""

    def __init__(self, make: Callable[[], tuple[A, Closing]]) -> None:
        self._make = make
        self._made: asyncio.Task[tuple[A, Closing]] | None = None

    async def make(self) -> A:
        """The application. Raises what making it raised."""
        if self._made is None:
            self._made = asyncio.create_task(asyncio.to_thread(self._make))
        application, _ = await asyncio.shield(self._made)
        return application

    async def close(self) -> None:
        """Close the application, if it was made."""
        if self._made is not None:
            _, closing = await self._made
            await closing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self.make())(scope, receive, send)

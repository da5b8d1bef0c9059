"""Request bodies that are read as a whole, and therefore may not be large."""

from __future__ import annotations

from starlette.requests import Request


class TooLargeError(Exception):
    """A body is longer than any that a client sends there."""


async def read_body(request: Request, most: int) -> bytes:
    """The body, of `most` bytes at most. Raises TooLargeError."""
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLargeError
        parts.append(chunk)
    return b"".join(parts)

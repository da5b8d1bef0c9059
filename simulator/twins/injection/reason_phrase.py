"""The HTTP reason phrase: an index's origin puts its words there, and its CDN once let them through.

ASGI has no place for it, so it travels in a header of pysim's own from the application to the connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

SAID: Final = "said"  # where an application leaves the words of a refusal, in a request's state
_HEADER: Final = b"x-pysim-reason"
LONGEST_HEAD: Final = 1 << 16  # bytes; h11, and uvicorn with it, refuse one over 16 KiB, and only if it comes in pieces
_NO_TEXT: Final = re.compile(r"[^\t\x20-\x7e\xa0-\xff]+")


def with_reason(application: ASGIApp, told: Callable[[str], None]) -> ASGIApp:
    """An application whose refusals have their words in the reason phrase."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            said = scope["state"].get(SAID)
            if said and message["type"] == "http.response.start":
                phrase = _NO_TEXT.sub(" ", said)
                message = {**message, "headers": [*message["headers"], (_HEADER, phrase.encode("latin-1"))]}
                told(f"answered with {message['status']} {phrase}")
            await send(message)

        await application(scope, receive, marked)

    return answer


class _Connection(h11.Connection):
    """A server's connection that makes the header of a response its reason phrase."""

    def send_with_data_passthrough(self, event: h11.Event) -> list[bytes] | None:
        """Also called by `send`."""
        if isinstance(event, h11.Response):
            phrase = next((value for name, value in event.headers if name == _HEADER), event.reason)
            headers = [(name, value) for name, value in event.headers.raw_items() if name.lower() != _HEADER]
            event = h11.Response(status_code=event.status_code, headers=headers, reason=phrase)
        return super().send_with_data_passthrough(event)


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, with reason phrases and longer heads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _Connection(h11.SERVER, self.config.h11_max_incomplete_event_size or LONGEST_HEAD)

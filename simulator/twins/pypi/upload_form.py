"""The form of an upload as it comes in, within bounds: how much of it is kept in memory, and how much at all.

A file that is too large for the index is taken to its end all the same, so that its sender reads the index's sentence.
Knows no field.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import FormData
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message

from simulator.twins.pypi.refusals import RequestRefusedError

BODY: Final = 1 << 30  # bytes of a request
TEXT: Final = 64 << 20  # bytes of all text fields
FIELDS: Final = 10_000
FILES: Final = 10


async def read_form(request: Request) -> FormData:
    """The form; close it. Raises RequestRefusedError for one that is too large, or that is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    bounded = Request(request.scope, _Bounded(request).receive)
    try:
        if kind == "multipart/form-data":
            limits = {"max_fields": FIELDS, "max_files": FILES}
            return await _Parser(request.headers, bounded.stream(), max_part_size=TEXT, **limits).parse_whole()
        if kind == "application/x-www-form-urlencoded":
            return await FormParser(request.headers, bounded.stream(), max_fields=FIELDS, max_part_size=TEXT).parse()
    except MultiPartException as error:
        raise RequestRefusedError(400, error.message) from None
    return FormData()


class _Bounded:
    """A request's body that does not go on for ever."""

    def __init__(self, request: Request) -> None:
        self._receive, self._size = request.receive, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > BODY:
            raise RequestRefusedError(413, f"The request is larger than {BODY >> 30} GB.")
        return message


class _Parser(MultiPartParser):
    """Counts the text of all parts together, with their headers, and wants an end."""

    _size, _is_whole = 0, False

    async def parse_whole(self) -> FormData:
        """The form. Raises MultiPartException for one that breaks off, too."""
        form = await self.parse()
        if not self._is_whole:
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException("The form has no end.")
        return form

    def on_end(self) -> None:
        self._is_whole = True

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None:
            self._count(end - start)
        super().on_part_data(data, start, end)

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        super().on_header_value(data, start, end)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > TEXT:
            raise MultiPartException(f"The text fields are larger than {TEXT >> 20} MB.")

"""What requests say, read within bounds: bodies that are read as a whole, JSON, and numbers."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

LONGEST_NUMBER: Final = 18  # digits, so that it has 64 bits


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


def parse_json(content: bytes) -> Any:
    """The value of a JSON text, which can be written as JSON again. Raises ValueError, and nothing else."""
    try:
        value = json.loads(content, parse_constant=_finite, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return value


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is no number of JSON")
    return number


def whole_number(text: str) -> int | None:
    """A number of digits; None for what is none, or too long."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


class _Id(Convertor[int]):
    """A part of a route, `{name:id}`: unlike `int`, no number is so long that Python reads it not."""

    regex = f"[0-9]{{1,{LONGEST_NUMBER}}}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("id", _Id())

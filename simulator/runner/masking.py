"""Secrets in logs: every value that was registered, in every form that GitHub masks, becomes `***`.

Knows no step. Thread-safe: a mask counts from the moment it is added.
"""

from __future__ import annotations

import base64
import json
import threading
import urllib.parse
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

MASK = "***"


def _base64_forms(value: bytes) -> Iterator[str]:
    """The characters that the value turns into inside longer base64 text, for each of its three alignments."""
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + value).decode().rstrip("=")
        first = (shift * 8 + 5) // 6
        last = (shift + len(value)) * 8 // 6
        yield text[first:last]


def encodings(value: str) -> Iterator[str]:
    """The forms of a secret that the runner masks besides the value itself (actions/runner, ValueEncoders)."""
    yield from _base64_forms(value.encode())
    yield value.replace('"', '\\"')
    yield value.replace("'", "''")
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield urllib.parse.quote(value, safe="")
    yield escape(value, {'"': "&quot;", "'": "&apos;"})
    if len(value) > 2 and value[0] == value[-1] == '"':
        yield value[1:-1]


class Masker:
    """The secrets of a run. Those of one job are in a `child`: on GitHub, too, no job masks what another one added."""

    def __init__(self, secrets: Iterable[str] = (), *, parent: Masker | None = None) -> None:
        self._lock = threading.Lock()
        self._own: tuple[str, ...] = ()
        self._parent = parent
        for secret in secrets:
            self.add(secret)

    def child(self) -> Masker:
        """A masker that knows all of this one's secrets, those to come too, and keeps its own to itself."""
        return Masker(parent=self)

    @property
    def _values(self) -> tuple[str, ...]:
        return self._own if self._parent is None else (*self._parent._values, *self._own)

    def add(self, secret: str) -> None:
        """Mask a value, each of its lines, and their encodings; an empty one is ignored."""
        whole = secret.strip("\r\n")
        forms = {line for line in (whole, *whole.splitlines()) if line.strip()}
        forms |= {form for line in tuple(forms) for form in encodings(line) if len(form) >= min(len(line), 8)}
        with self._lock:
            self._own = tuple(sorted({*self._own, *forms}))

    def holds(self, text: str) -> bool:
        """Whether a secret stands in the text."""
        return any(value in text for value in self._values)

    def mask(self, text: str) -> str:
        """The text with every secret replaced; overlapping ones become one mask."""
        spans = sorted(self._spans(text))
        if not spans:
            return text
        parts: list[str] = []
        end = 0
        for start, stop in spans:
            if start >= end:
                parts += (text[end:start], MASK)
            end = max(end, stop)
        return "".join((*parts, text[end:]))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for value in self._values:
            start = text.find(value)
            while start >= 0:
                yield start, start + len(value)
                start = text.find(value, start + 1)

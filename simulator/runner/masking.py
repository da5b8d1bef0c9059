"""Secrets in logs: every value that was registered, in every form that GitHub masks, becomes `***`.

Knows no step. Thread-safe: a mask counts from the moment it is added.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Final
from xml.sax.saxutils import escape

from ahocorasick_rs import AhoCorasick

MASK: Final = "***"
_GIT_USER: Final = "x-access-token:"  # with whom git sends a token
_SHORTEST_PART: Final = 6  # characters of a part of a secret that is masked by itself
_SHORTEST_INSIDE: Final = 8  # characters of a secret inside longer base64 text
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_UNRESERVED: Final = "-._~"  # what an encoded URI keeps besides letters and digits
_OLDER: Final = "!'()*"  # what older and looser encoders keep, too


def _base64_forms(value: bytes) -> Iterator[str]:
    """The value as base64, as a whole and without its first bytes as the runner does, and inside longer base64 text.

    Of the latter, for each of the three alignments, the characters that the value alone decides, and those up to the
    end of a text that it ends; short ones would hide what has nothing to do with it.
    """
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        yield from (alphabet(value[start:]).decode() for start in range(3) if start < len(value))
        for shift in range(3):
            text = alphabet(bytes(shift) + value).decode()
            first = (shift * 8 + 5) // 6
            last = (shift + len(value)) * 8 // 6
            yield from (form for form in (text[first:last], text[first:]) if len(form) >= _SHORTEST_INSIDE)


def _uri_forms(value: str) -> Iterator[str]:
    data = value.encode(errors="replace")
    for kept in (_UNRESERVED, f"{_UNRESERVED}{_OLDER}", f"{_UNRESERVED}/"):
        form = urllib.parse.quote(data, safe=kept)
        yield form
        yield re.sub("%[0-9A-F]{2}", lambda hexadecimal: hexadecimal[0].lower(), form)
        yield form.replace("%20", "+")


def _json_forms(value: str) -> Iterator[str]:
    for ascii_only in (True, False):
        form = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield form
        yield form.replace("/", "\\/")


def _shell_parts(value: str) -> Iterator[str]:
    """What PowerShell prints of a command that is a secret with an ampersand: it breaks there, and colours a letter."""
    before, broken, after = value.partition("&+")
    if broken:
        parts = (f"{before}&+", after[1:])
    else:
        before, broken, after = value.rpartition("&")
        parts = (f"{before}&", after)
    yield from (part for part in parts if broken and len(part) >= _SHORTEST_PART)


def encodings(value: str) -> Iterator[str]:
    """The forms of a secret that are masked besides the value: those of actions/runner (ValueEncoders), and more."""
    data = value.encode(errors="replace")
    yield from _base64_forms(data)
    yield base64.b64encode(_GIT_USER.encode() + data).decode()
    yield value.replace('"', '\\"')
    yield value.replace("'", "''")
    yield from _json_forms(value)
    yield from _uri_forms(value)
    yield escape(value)
    for single in ("&apos;", "&#39;", "&#x27;"):
        yield escape(value, {'"': "&quot;", "'": single})
    if len(value) > 8 and value[0] == value[-1] == '"':
        yield value[1:-1]
    yield from _shell_parts(value)
    if len(value) >= _SHORTEST_PART and _HOST.fullmatch(value):
        yield value.lower()  # as hosts are written, whoever asked for them


class Masker:
    """The secrets of a run. Those of one job are in a `child`: on GitHub, too, no job masks what another one added."""

    def __init__(self, secrets: Iterable[str] = (), *, parent: Masker | None = None) -> None:
        self._lock = threading.Lock()
        self._own: frozenset[str] = frozenset()
        self._parent = parent
        self._children: dict[str, Masker] = {}
        self._built: tuple[tuple[frozenset[str], ...], AhoCorasick | None] = ((), None)
        for secret in secrets:
            self.add(secret)

    def child(self, job_id: str = "") -> Masker:
        """A masker that knows all of this one's secrets, those to come too, and keeps its own to itself."""
        made = Masker(parent=self)
        if job_id:
            self._children[job_id] = made
        return made

    def of(self, job_id: str) -> Masker:
        """The masker of a job, once it has one; until then this one."""
        return self._children.get(job_id, self)

    def mask_of_all(self, text: str) -> str:
        """The text without the secrets of any job: for what is about the run."""
        for masker in (self, *tuple(self._children.values())):
            text = masker.mask(text)
        return text

    def add(self, secret: str) -> None:
        """Mask a value, each of its lines, and their encodings; an empty one is ignored."""
        secret = _encodable(secret)
        lines = (line.strip() for line in re.split(r"[\r\n]", secret))
        values = {value for value in (secret, secret.strip(), *lines) if value.strip()}
        forms = values.union(*(encodings(value) for value in values))
        with self._lock:
            self._own |= {form for form in forms if form.strip()}

    def holds(self, text: str) -> bool:
        """Whether a secret stands in the text."""
        return bool(self._spans(_encodable(text)))

    def mask(self, text: str) -> str:
        """The text with every secret replaced; those that overlap or touch become one mask."""
        text = _encodable(text)
        spans = self._spans(text)
        if not spans:
            return text
        parts: list[str] = []
        end = -1  # of the mask so far
        for start, stop in spans:
            if start > end:
                parts += (text[max(end, 0) : start], MASK)
            end = max(end, stop)
        return "".join((*parts, text[end:]))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, in order."""
        automaton = self._automaton()
        if automaton is None:
            return []
        return sorted((start, stop) for _, start, stop in automaton.find_matches_as_indexes(text, overlapping=True))

    def _automaton(self) -> AhoCorasick | None:
        """One automaton for all values, built anew when there are others."""
        sets = self._sets()
        built_of, automaton = self._built
        if built_of != sets:
            values = frozenset().union(*sets)
            automaton = AhoCorasick(sorted(values)) if values else None
            self._built = (sets, automaton)
        return automaton

    def _sets(self) -> tuple[frozenset[str], ...]:
        above = self._parent._sets() if self._parent is not None else ()
        return (*above, self._own)


def _encodable(text: str) -> str:
    """The text without lone surrogates, which no log can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()

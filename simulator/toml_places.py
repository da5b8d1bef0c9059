"""Where in a TOML file its keys and values stand, which the standard library's reader does not tell; and how keys look.

Knows no key of anybody's. A file that is not TOML has places up to its first fault.
"""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

Keys = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and numbers, from 0, of items of arrays."""

_MOST: Final = 100_000
_NAME: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'""")
_SPACE: Final = re.compile(r"[ \t]*")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r"|" + r'"(?:[^"\\\n]|\\[^\n])*"' + r"|'[^'\n]*'" + r"|[^\s,\[\]{}#\"'][^,\]}\n#]*",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TomlPlace:
    """A line and columns, from 1, in characters: of a key, and of its value in the same line.

    A table of a header, and an item of an array, have one column for both.
    """

    line: int
    column: int
    value_column: int


def toml_key(name: str) -> str:
    """A key as TOML writes it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def toml_text(text: str) -> str:
    """A text as TOML writes it: as JSON does, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def dotted(keys: Iterable[str | int]) -> str:
    """Keys in one text, as TOML writes them: `environments."a.b".tags`, `publishers.0.project`."""
    return ".".join(toml_key(str(key)) for key in keys)


def names_of(text: str) -> tuple[str, ...]:
    """The keys of a dotted text."""
    return tuple(_name(found[0]) for found in _NAME.finditer(text))


def toml_places(text: str) -> Mapping[Keys, TomlPlace]:
    """The place of every table, key and item of a file, each where it stands first; of the first 100,000 of them."""
    scan = _Scan(text)
    with contextlib.suppress(_NotTomlError, RecursionError):
        scan.file()
    return scan.places


class _NotTomlError(Exception):
    pass


class _Scan:
    """Reads on from `at`, an offset in the text, and keeps the places of what it passes."""

    def __init__(self, text: str) -> None:
        self.places: dict[Keys, TomlPlace] = {}
        self._text, self._at = text, 0
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._entries: dict[Keys, int] = {}  # how many tables each array of tables has so far

    def file(self) -> None:
        header: Keys = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                header = self._header()
            else:
                self._pair(header)
            self._skip(_SPACE)
            if self._at < len(self._text) and self._text[self._at] not in "\r\n#":
                raise _NotTomlError

    def _header(self) -> Keys:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        *outer, (last, start) = self._names()
        header: Keys = ()
        for name, at in outer:
            header = self._entered((*header, name), at)
        header = (*header, last)
        if brackets == 2:
            self._keep(header, start, start)
            self._entries[header] = self._entries.get(header, 0) + 1
        header = self._entered(header, start)
        self._expect("]" * brackets)
        return header

    def _entered(self, keys: Keys, start: int) -> Keys:
        """The keys of a table, or of the last one so far of an array of tables."""
        self._keep(keys, start, start)
        if keys not in self._entries:
            return keys
        entry = (*keys, self._entries[keys] - 1)
        self._keep(entry, start, start)
        return entry

    def _pair(self, table: Keys) -> None:
        names = self._names()
        self._expect("=")
        self._skip(_SPACE)
        keys = table
        for name, start in names:
            keys = (*keys, name)
            self._keep(keys, start, self._at)
        self._value(keys)

    def _names(self) -> list[tuple[str, int]]:
        """The names of a dotted key, with where they begin."""
        names = []
        while True:
            start = self._skip(_SPACE)
            names.append((_name(self._take(_NAME)), start))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _value(self, keys: Keys) -> None:
        first = self._text[self._at : self._at + 1]
        if first == "{":
            self._at += 1
            self._items("}", lambda _: self._pair(keys))
        elif first == "[":
            self._at += 1
            self._items("]", lambda number: self._item((*keys, number)))
        else:
            self._take(_SCALAR)

    def _item(self, keys: Keys) -> None:
        self._keep(keys, self._at, self._at)
        self._value(keys)

    def _items(self, end: str, item: Callable[[int], None]) -> None:
        number = 0
        while True:
            self._skip(_BLANK)
            if self._text.startswith(end, self._at):
                break
            item(number)
            number += 1
            self._skip(_BLANK)
            if not self._text.startswith(",", self._at):
                break
            self._at += 1
        self._expect(end)

    def _keep(self, keys: Keys, start: int, value: int) -> None:
        if keys not in self.places and len(self.places) < _MOST:
            line = bisect_right(self._lines, start)
            begin = self._lines[line - 1] - 1
            self.places[keys] = TomlPlace(line=line, column=start - begin, value_column=value - begin)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._take(pattern)
        return self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _NotTomlError
        self._at = match.end()
        return match[0]

    def _expect(self, word: str) -> None:
        if not self._text.startswith(word, self._at):
            raise _NotTomlError
        self._at += len(word)


def _name(written: str) -> str:
    """A name as it is meant. Raises _NotTomlError for escapes that TOML does not have."""
    if written[0] not in "\"'":
        return written
    if "\\" not in written:
        return written[1:-1]
    try:
        return next(iter(tomllib.loads(f"{written} = 0")))
    except tomllib.TOMLDecodeError:
        raise _NotTomlError from None

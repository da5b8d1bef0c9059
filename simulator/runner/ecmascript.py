r"""Regular expressions of problem matchers as GitHub's runner takes them: .NET's `ECMAScript` flavour, limited in time.

Owns their translation to the `regex` library: ASCII classes, `[^]`, `\/` and other escaped letters, names, and groups
numbered as .NET does (those without a name first). Knows no matcher.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import regex

_GROUP: Final = re.compile(r"\?(?:[:=!>]|<[=!])")  # a group that captures nothing
_NAMED: Final = re.compile(r"\?(?:<(?P<angle>[^\W\d]\w*)>|'(?P<quote>[^\W\d]\w*)')")
_OPTIONS: Final = re.compile(r"\?[ims]*(?:-[ims]+)?(?P<end>[:)])")
_QUANTIFIER: Final = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}")
_REFERENCE: Final = re.compile(r"k(?:<(\w+)>|'(\w+)')|[1-9]\d?")
_CHARACTER: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(0[0-7]{0,2})|c([A-Za-z])")
_PROPERTY: Final = re.compile(r"[pP]\{\w+\}")
_CONTROLS: Final = {"a": "\a", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ANCHORS: Final = {"A": r"\A", "b": r"\b", "B": r"\B", "G": r"\G", "Z": r"(?=\n?\Z)", "z": r"\Z"}
_CLASSES: Final = "dDsSwW"
_SETS: Final = {f"\\{letter}" for letter in f"{_CLASSES}pP"}
_LITERAL: Final = "}]#&~"  # mean nothing here, and something to the library


class PatternError(ValueError):
    """A text that is no regular expression for GitHub's runner either."""


class UnsupportedPatternError(ValueError):
    """A regular expression that the runner would take and that cannot be translated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """A compiled expression; `groups` is how many values a match has, the whole one included."""

    groups: int
    _search: Callable[[str, float], tuple[str, ...] | None]

    def search(self, text: str, *, seconds: float) -> tuple[str, ...] | None:
        """The values of the groups of the first match, empty for one that took no part. Raises TimeoutError."""
        return self._search(text, seconds)


def compile_expression(source: str) -> Expression:
    """Compile. Raises PatternError or UnsupportedPatternError."""
    numbers = _numbers(source)
    translated = _Translator(source, numbers).translate()
    try:
        compiled = regex.compile(translated, regex.V1 | regex.ASCII)
    except (regex.error, OverflowError) as error:
        raise PatternError(f"Invalid pattern '{source}': {error}") from error
    places = [0, *(numbers.places[number] for number in range(1, len(numbers.places) + 1))]

    def search(text: str, seconds: float) -> tuple[str, ...] | None:
        found = compiled.search(text, timeout=seconds, concurrent=True)
        return None if found is None else tuple(found[place] or "" for place in places)

    return Expression(groups=len(places), _search=search)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Numbers:
    """What .NET calls each group: `places` is its place from the left by its number, `names` its number by its name."""

    places: Mapping[int, int]
    names: Mapping[str, int]


def _numbers(source: str) -> _Numbers:
    names: list[str | None] = []  # of the groups from left to right
    position, in_class = 0, False
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            position += len(_class_head(source, position)) - 1
        elif character == "(":
            if named := _NAMED.match(source, position + 1):
                names.append(named["angle"] or named["quote"])
            elif not source.startswith("?", position + 1):
                names.append(None)
        position += 1
    if len({name for name in names if name}) < sum(name is not None for name in names):
        raise UnsupportedPatternError(f"two groups of '{source}' have one name")
    order = sorted(range(len(names)), key=lambda at: names[at] is not None)
    numbered = {at: number for number, at in enumerate(order, start=1)}
    return _Numbers(
        places={number: at + 1 for at, number in numbered.items()},
        names={name: numbered[at] for at, name in enumerate(names) if name},
    )


def _class_head(source: str, position: int) -> str:
    """The beginning of a class up to where a `]` would end it: `[^]` is every character, `[]` begins with a `]`."""
    if source.startswith("[^", position):
        return "[^"
    return "[]" if source.startswith("[]", position) else "["


class _Translator:
    """One pass over an expression."""

    def __init__(self, source: str, numbers: _Numbers) -> None:
        self._source, self._numbers = source, numbers
        self._at = 0

    def translate(self) -> str:
        parts: list[str] = []
        repeats = False  # what went before is a quantifier
        while self._at < len(self._source):
            quantifier = _QUANTIFIER.match(self._source, self._at)
            if quantifier is None:
                parts.append(self._item())
            elif repeats and quantifier[0] != "?":
                raise PatternError(f"Invalid pattern '{self._source}' at offset {self._at}. Nested quantifier.")
            else:
                self._at = quantifier.end()
                lazy = self._source.startswith("?", self._at)
                self._at += lazy
                parts.append(quantifier[0] + "?" * lazy)
            repeats = quantifier is not None
        return "".join(parts)

    def _item(self) -> str:
        character = self._source[self._at]
        self._at += 1
        match character:
            case "\\":
                return self._escape()
            case "[":
                return self._class()
            case "(":
                return self._group()
            case "{":
                return r"\{"
            case _:
                return f"\\{character}" if character in _LITERAL else character

    def _group(self) -> str:
        if found := _GROUP.match(self._source, self._at):
            self._at = found.end()
            return f"({found[0]}"
        if found := _NAMED.match(self._source, self._at):
            self._at = found.end()
            return "("
        if found := _OPTIONS.match(self._source, self._at):
            self._at = found.end()
            return f"({found[0]}"
        if self._source.startswith("?#", self._at):
            end = self._source.find(")", self._at)
            self._at = len(self._source) if end < 0 else end + 1
            return "(?:)"
        if self._source.startswith("?", self._at):
            raise UnsupportedPatternError(f"pysim cannot use the group at offset {self._at - 1} of '{self._source}'")
        return "("

    def _escape(self) -> str:
        """What follows a backslash outside of a class."""
        if self._at == len(self._source):
            raise PatternError(f"Invalid pattern '{self._source}' at offset {self._at}. Illegal \\ at end of pattern.")
        if found := _REFERENCE.match(self._source, self._at):
            self._at = found.end()
            return self._reference(found[1] or found[2] or found[0])
        letter = self._source[self._at]
        if letter in _ANCHORS:
            self._at += 1
            return _ANCHORS[letter]
        return self._character()

    def _reference(self, name: str) -> str:
        number = self._numbers.names.get(name, int(name) if name.isdecimal() else 0)
        place = self._numbers.places.get(number)
        if place is None:
            raise PatternError(f"Invalid pattern '{self._source}'. Reference to undefined group '{name}'.")
        return rf"(?({place})\g<{place}>|)"  # one that took no part matches nothing, without failing

    def _character(self) -> str:
        """An escaped character, or a class of them, anywhere."""
        if found := _CHARACTER.match(self._source, self._at):
            self._at = found.end()
            digits, octal, control = found[1] or found[2], found[3], found[4]
            code = int(digits, 16) if digits else int(octal, 8) if octal else ord(control.upper()) - 64
            return _plain(chr(code))
        if found := _PROPERTY.match(self._source, self._at):
            self._at = found.end()
            return f"\\{found[0]}"
        letter = self._source[self._at]
        if letter in "xucpP":
            raise PatternError(f"Invalid pattern '{self._source}' at offset {self._at}. Incomplete escape \\{letter}.")
        self._at += 1
        return f"\\{letter}" if letter in _CLASSES else _plain(_CONTROLS.get(letter, letter))

    def _class(self) -> str:
        head = _class_head(self._source, self._at - 1)
        self._at += len(head) - 1
        if head == "[^" and self._source.startswith("]", self._at):
            self._at += 1
            return "(?s:.)"
        parts = [r"[\]" if head == "[]" else head]
        while not self._source.startswith("]", self._at):
            first = self._in_class()
            if self._source.startswith("-", self._at) and self._source[self._at + 1 : self._at + 2] not in {"", "]"}:
                self._at += 1
                last = self._in_class()
                is_range = not {first[:2], last[:2]} & _SETS  # none begins or ends with a class
                parts += (first, "-" if is_range else _plain("-"), last)
            else:
                parts.append(first)
        self._at += 1
        return "".join((*parts, "]"))

    def _in_class(self) -> str:
        """One character, or a class of them, between the brackets of another."""
        if self._at == len(self._source):
            raise PatternError(f"Invalid pattern '{self._source}'. Unterminated [] set.")
        character = self._source[self._at]
        self._at += 1
        if character != "\\" or self._at == len(self._source):
            return _plain(character)
        if self._source.startswith("b", self._at):
            self._at += 1
            return r"\x08"
        return self._character()


def _plain(character: str) -> str:
    """One character that stands for itself."""
    return character if character.isalnum() else f"\\x{ord(character):02x}" if ord(character) < 256 else character

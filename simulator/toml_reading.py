"""The one reader of TOML: checks a file's bounds, then parses it. Knows no key of anybody's.

`tomllib` has no bounds: a dotted key takes memory by the square of its parts, nesting takes the stack, and an integer
of many digits cannot be read, or cannot be turned into a text again.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

LARGEST: Final = 1 << 20  # bytes of a file
DEEPEST: Final = 64  # names, tables and lists around a value
MOST: Final = 50_000  # keys and values of a file
LONGEST_INTEGER: Final = 100  # characters, enough for the 64 bits that TOML gives it, in base 2

_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\Z)'
    r"|'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|[][{}=,.\n]"
    r"|[A-Za-z0-9_+-]++",
    re.DOTALL,
)
_INTEGER: Final = re.compile(r"[+-]?(?:[0-9_]+|0x[0-9A-Fa-f_]+|0o[0-7_]+|0b[01_]+)")


class TomlError(ValueError):
    """A file that is not TOML, or more of it than pysim reads: what is wrong, where, and what to do.

    `place` is `:line:column`, or nothing where there is none.
    """

    def __init__(self, message: str, *, place: str = "", hint: str) -> None:
        super().__init__(message)
        self.place = place
        self.hint = hint


def parse_toml(content: bytes) -> dict[str, Any]:
    """The tables of a file. Raises TomlError, and nothing else."""
    if len(content) > LARGEST:
        raise TomlError(
            f" has more than {LARGEST} bytes (1 MiB), which is the most that pysim reads of a TOML file.",
            hint="Keep what is not settings elsewhere.",
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TomlError(" is not UTF-8, as TOML is.", hint="Save it as UTF-8.") from error
    _check_bounds(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, place = _told(str(error))
    except (RecursionError, ValueError) as error:
        what, place = str(error), ""
    raise TomlError(f": {what}, so it is not TOML.", place=place, hint="Mend the line.")


def _told(message: str) -> tuple[str, str]:
    """What tomllib says, and the place in it as `:line:column`."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None:
        return message, ""
    return match[1], f":{match[2]}:{match[3]}" if match[2] else ""


def _check_bounds(text: str) -> None:
    """Raises TomlError for what is too deep, too much or too long; what is not TOML passes or not."""
    scan = _Bounds()
    for found in _TOKEN.finditer(text):
        if wrong := scan.take(found[0]):
            line = text.count("\n", 0, found.start()) + 1
            column = found.start() - text.rfind("\n", 0, found.start())
            hint = "Write it more simply; no tool of packaging needs that much."
            raise TomlError(f": {wrong}.", place=f":{line}:{column}", hint=hint)


class _Bounds:
    """Counts from token to token: `chain` are the dots since a key or a value began, `header` those of its table."""

    def __init__(self) -> None:
        self._chain = self._header = self._count = 0
        self._open: list[int] = []  # the depth of each open bracket
        self._is_start = True  # of a line outside of brackets

    def take(self, word: str) -> str | None:
        """What the word makes too much of, if anything."""
        if len(word) > LONGEST_INTEGER and not self._chain and _INTEGER.fullmatch(word):
            return f"an integer has {len(word)} digits, and TOML's integers have 64 bits"
        self._count += word in {"[", "{", ".", "=", ","}
        if word in {"[", "{", "]", "}"}:
            self._bracket(word)
        elif word == ".":
            self._chain += 1
        elif word == "=":
            self._is_start = False
        elif word in {",", "\n"}:
            self._chain = 0
            self._is_start = self._is_start or (word == "\n" and not self._open)
        if self._depth() > DEEPEST:
            return f"it is nested more than {DEEPEST} deep, which is the most that pysim reads"
        if self._count > MOST:
            return f"it has more than {MOST} keys and values, which is the most that pysim reads"
        return None

    def _bracket(self, word: str) -> None:
        is_header = self._is_start
        if word in {"[", "{"}:
            if is_header and not self._open:
                self._header = 0
            self._open.append(self._depth() + 1)
            self._chain = 0
        elif self._open:
            self._open.pop()
            if is_header and not self._open:
                self._header, self._chain = self._chain, 0

    def _depth(self) -> int:
        return (self._open[-1] if self._open else self._header) + self._chain

"""Files of NAME=VALUE lines: `.vars` and `.secrets`, in the form that act's users have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ConfigurationError

_LARGEST = 4 << 20  # bytes
_NAME = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DotenvValue:
    """A value, and the line, from 1, that its name stands in."""

    text: str
    line: int


def read_dotenv(file: Path) -> dict[str, DotenvValue]:
    """The values by name, in order; `$NAME` in a value is not expanded: secrets hold dollar signs.

    Takes `export`, comments, 'single' quotes (raw) and "double" quotes (backslash escapes), both over several lines.
    Raises ConfigurationError with file and line, never with a value.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"Cannot read {file.name}: {reason}", hint="Name another file, or make it.") from error
    if len(content) > _LARGEST:
        message = f"{file.name} has more than {_LARGEST >> 20} MiB, which is the most that pysim reads of such a file."
        raise ConfigurationError(message, hint="Is it a file of NAME=VALUE lines? Name another one.")
    values: dict[str, DotenvValue] = {}
    position = 0
    while position < len(text):
        line_end = _end_of_line(text, position)
        line = text[position:line_end].strip()
        if not line or line.startswith("#"):
            position = line_end + 1
            continue
        position += len(text[position:line_end]) - len(text[position:line_end].lstrip())
        match = _NAME.match(text, position, line_end)
        if match is None:
            raise _error(file, text, position, "is not NAME=VALUE")
        line_number = _line(text, position)
        value, position = _value(file, text, match.end(), line_end)
        values[match[1]] = DotenvValue(text=value, line=line_number)
    return values


def _value(file: Path, text: str, start: int, line_end: int) -> tuple[str, int]:
    """The value at `start`, and where the next line begins."""
    quote = text[start : start + 1]
    if quote not in {"'", '"'} or start >= line_end:
        plain = re.split(r"(?:^|\s)#", text[start:line_end], maxsplit=1)[0]
        return plain.strip(), line_end + 1
    pattern = re.compile(r"'([^']*)'" if quote == "'" else r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
    match = pattern.match(text, start)
    if match is None:
        raise _error(file, text, start, f"has a {quote} that is not closed")
    end = _end_of_line(text, match.end())
    rest = text[match.end() : end].strip()
    if rest and not rest.startswith("#"):
        raise _error(file, text, match.end(), f"goes on after the closing {quote}")
    value = (
        match[1]
        if quote == "'"
        else re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), match[1], flags=re.DOTALL)
    )
    return value, end + 1


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _error(file: Path, text: str, position: int, words: str) -> ConfigurationError:
    return ConfigurationError(
        f"{file.name}:{_line(text, position)}: the line {words}.", hint="Write one NAME=VALUE a line."
    )

"""The files through which a step speaks to the runner: GITHUB_ENV, GITHUB_OUTPUT, GITHUB_STATE, GITHUB_PATH.

Knows their grammar (actions/runner, FileCommandManager), not what their values are for.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class FileCommandError(ValueError):
    """A file command that the runner refuses; the text is the runner's."""


def decode_text(content: bytes) -> str:
    """The text of a file as .NET reads it: UTF-8, or what a byte order mark says."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    return content.decode(errors="replace")


def parse_pairs(text: str) -> Iterator[tuple[str, str]]:
    """NAME=VALUE lines and NAME<<DELIMITER blocks, in order. Raises FileCommandError at the first that is neither."""
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            yield line[:equals], line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            value, position = _block(lines, position, line, name, delimiter)
            yield name, value
        else:
            raise FileCommandError(f"Invalid format '{line}'")


def _block(lines: list[str], position: int, line: str, name: str, delimiter: str) -> tuple[str, int]:
    if not name or not delimiter:
        raise FileCommandError(f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty")
    try:
        end = lines.index(delimiter, position)
    except ValueError:
        if position < len(lines) and lines[-1]:
            raise FileCommandError("Invalid value. EOF marker missing new line.") from None
        raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'") from None
    return "\n".join(lines[position:end]), end + 1


def parse_paths(text: str) -> list[str]:
    """One folder a line, empty lines skipped."""
    return [line for line in re.split(r"\r\n|[\r\n]", text) if line]

"""The files through which a step speaks to the runner: GITHUB_ENV, GITHUB_OUTPUT, GITHUB_STATE, GITHUB_PATH.

Knows their grammar (actions/runner, FileCommandManager), not what their values are for.
"""

from __future__ import annotations


class FileCommandError(ValueError):
    """A file command that the runner refuses; the text is the runner's."""


def parse_pairs(text: str) -> dict[str, str]:
    """NAME=VALUE lines and NAME<<DELIMITER blocks. Raises FileCommandError."""
    pairs: dict[str, str] = {}
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            pairs[line[:equals]] = line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            pairs[name], position = _block(lines, position, line, name, delimiter)
        else:
            raise FileCommandError(f"Invalid format '{line}'")
    return pairs


def _block(lines: list[str], position: int, line: str, name: str, delimiter: str) -> tuple[str, int]:
    if not name or not delimiter:
        raise FileCommandError(f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty")
    try:
        end = lines.index(delimiter, position)
    except ValueError:
        raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'") from None
    return "\n".join(lines[position:end]), end + 1


def parse_paths(text: str) -> list[str]:
    """One folder a line, empty lines skipped."""
    return [line for line in text.split("\n") if line]

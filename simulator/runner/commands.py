"""Workflow commands in a step's output (`::name key=value::data`). Knows their grammar, not their effects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_V1 = re.compile(r"##\[(?P<head>[^\]]+)\](?P<data>.*)")
_DATA: Final = (("%0D", "\r"), ("%0A", "\n"))
_PROPERTY: Final = (*_DATA, ("%3A", ":"), ("%2C", ","))
_V1_TEXT: Final = (*_DATA, ("%3B", ";"), ("%5D", "]"))


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowCommand:
    """A recognised command; `name` and the names of properties are lower case."""

    name: str
    properties: Mapping[str, str]
    data: str


def _unescape(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for escaped, plain in table:
        text = text.replace(escaped, plain)
    return text.replace("%25", "%")


def _properties(text: str, separator: str, table: tuple[tuple[str, str], ...]) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(separator))
    return {name.lower(): _unescape(value, table) for name, _, value in pairs if name and value}


def parse_command(line: str) -> WorkflowCommand | None:
    """The command in a line, or None. `::name ...::data` must start the line, `##[name ...]data` may stand anywhere."""
    text = line.lstrip()
    if text.startswith("::"):
        head, found, data = text[2:].partition("::")
        name, _, rest = head.strip().partition(" ")
        if found and name:
            return WorkflowCommand(
                name=name.lower(), properties=_properties(rest, ",", _PROPERTY), data=_unescape(data, _DATA)
            )
    if match := _V1.search(line):
        name, _, rest = match["head"].strip().partition(" ")
        return WorkflowCommand(
            name=name.lower(), properties=_properties(rest, ";", _V1_TEXT), data=_unescape(match["data"], _V1_TEXT)
        )
    return None

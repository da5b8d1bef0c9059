"""Workflow commands in a step's output (`::name key=value::data`). Knows their grammar, not their effects."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

_V1 = re.compile(r"##\[(?P<head>[^\]]*)\](?P<data>.*)", re.DOTALL)
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
    """Names with their values; without one of the two there is no property. Blanks belong to both."""
    pairs = (part.lstrip("=").partition("=") for part in text.split(separator))
    values = ((name.lower(), value.lstrip("=")) for name, _, value in pairs)
    return {name: _unescape(value, table) for name, value in values if name and value}


def parse_command(line: str, names: Container[str]) -> WorkflowCommand | None:
    """The command in a line if it has one of the names (lower case), or None.

    `::name ...::data` must start the line, `##[name ...]data` may stand anywhere.
    """
    return _parse(line, names) or _parse_v1(line, names)


def _parse(line: str, names: Container[str]) -> WorkflowCommand | None:
    text = line.lstrip()
    head, found, data = text[2:].partition("::")
    name, _, rest = head.partition(" ")
    if not (text.startswith("::") and found and name.lower() in names):
        return None
    properties = _properties(rest.strip(), ",", _PROPERTY)
    return WorkflowCommand(name=name.lower(), properties=properties, data=_unescape(data, _DATA))


def _parse_v1(line: str, names: Container[str]) -> WorkflowCommand | None:
    match = _V1.search(line)
    name, _, rest = match["head"].partition(" ") if match else ("", "", "")
    if match is None or name.lower() not in names:
        return None
    properties = _properties(rest, ";", _V1_TEXT)
    return WorkflowCommand(name=name.lower(), properties=properties, data=_unescape(match["data"], _V1_TEXT))

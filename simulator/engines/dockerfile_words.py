"""Words of a Dockerfile: their quotes, escapes and variables, as Docker takes them away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PLAIN: Final = re.compile(r"\$([A-Za-z_]\w*)", re.ASCII)
_BRACED: Final = re.compile(r"\$\{(\w+)(?:(:?[-+?])([^{}$\"'\\`]*))?\}", re.ASCII)


class WordError(Exception):
    """A word that cannot be read; the text says why."""


def expand(word: str, variables: Mapping[str, str], escape: str) -> str:
    """The word that is meant; a variable that is not there is empty. Raises WordError."""
    said: list[str] = []
    place, quote = 0, ""
    while place < len(word):
        char = word[place]
        if quote == "'":
            quote = "" if char == "'" else quote
            said += [] if char == "'" else [char]
        elif char == escape and place + 1 < len(word):
            place += 1
            kept = quote and word[place] not in {'"', "$", escape}
            said.append(f"{escape}{word[place]}" if kept else word[place])
        elif char == '"' or (char == "'" and not quote):
            quote = "" if quote else char
        elif char == "$":
            value, place = _variable(word, place, variables)
            said.append(value)
            continue
        else:
            said.append(char)
        place += 1
    if quote:
        raise WordError(f"the quote {quote} does not end")
    return "".join(said)


def _variable(word: str, place: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """The value of the variable at a place, and the place behind it."""
    if (plain := _PLAIN.match(word, place)) is not None:
        return variables.get(plain[1], ""), plain.end()
    found = _BRACED.match(word, place)
    if found is None:
        raise WordError("it has a $ that is not followed by a plain variable")
    name, how, other = found.groups()
    value = variables.get(name)
    is_there = value is not None and (bool(value) or not (how or "").startswith(":"))
    if how is None or how.endswith("-"):
        return (value or "") if is_there or how is None else other, found.end()
    if how.endswith("+"):
        return other if is_there else "", found.end()
    if not is_there:
        raise WordError(f"{name} is not given: {other}")
    return value or "", found.end()

"""Names of artifacts as they are written, with a mark for what expressions give, and whether two can be the same."""

from __future__ import annotations

import re
from typing import Final

from simulator.workflow.model import Text

ANY: Final = "\0"
"""Stands for what an expression gives, in a text from `pattern_of`."""
_LONGEST: Final = 300
_BEYOND_STARS: Final = re.compile(r"[\[\]{}()!+@\\]")


def may_take(name: str | None, pattern: str | None, artifact: str) -> bool:
    """Whether a download by a name, else by a pattern, else of all, can take an artifact; each may hold ANY."""
    if name is not None:
        return may_meet(name, artifact)
    if pattern is None or not is_of_stars(pattern):
        return True
    return may_meet(pattern.replace("*", ANY).replace("?", ANY), artifact)


def is_of_stars(pattern: str) -> bool:
    """Whether a pattern has no other wildcards than `*` and `?`."""
    return _BEYOND_STARS.search(pattern) is None


def pattern_of(text: Text) -> str:
    """The text with ANY in place of each expression."""
    return "".join(part if isinstance(part, str) else ANY for part in text.template.parts)


def may_meet(one: str, other: str) -> bool:
    """Whether two texts with ANY in them can be the same text; taken for granted of very long ones."""
    if max(len(one), len(other)) > _LONGEST:
        return True
    # row[j]: whether what was read of `one` can be the first j characters of `other`
    row = [all(character == ANY for character in other[:end]) for end in range(len(other) + 1)]
    for character in one:
        following = [row[0] and character == ANY]
        for end, facing in enumerate(other, start=1):
            if ANY in {character, facing}:
                following.append(row[end] or following[-1])
            else:
                following.append(row[end - 1] and character == facing)
        row = following
    return row[-1]

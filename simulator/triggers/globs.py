"""GitHub's filter patterns for branches, tags and paths: `*`, `**`, `?`, `+`, `[]`, `\\`, and `!` in a list.

Follows the filter pattern cheat sheet of GitHub's workflow syntax. Knows no event. Patterns are run as automata, not as
regular expressions: a hostile one must not cost more than its length times the name's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace


class PatternError(ValueError):
    """A pattern is not one that GitHub takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Atom:
    """Takes one character, or more when `many`; when `optional`, it and the next may be left out, `skips` in all."""

    takes: Callable[[str], bool]
    optional: bool = False
    many: bool = False
    skips: int = 1


def anything(character: str) -> bool:
    """Take any character."""
    return bool(character)


def no_slash(character: str) -> bool:
    """Take any character but a slash."""
    return character != "/"


def one_of(characters: str) -> Callable[[str], bool]:
    """Take the characters given."""
    return lambda character: character in characters


@functools.lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> tuple[Atom, ...]:
    """The parts of a pattern, which is without its leading `!`. Raises PatternError.

    `**/` at the start, and `/**/`, match no folder too, as in the cheat sheet's `**/docs/**`.
    """
    atoms: list[Atom] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character in "?+":
            if not atoms:
                raise PatternError(f"{character} has nothing before it to repeat")
            last = atoms[-1]
            atoms[-1] = replace(last, optional=last.optional or character == "?", many=last.many or character == "+")
            position += 1
        else:
            new, length = _part(pattern, position)
            atoms += new
            position += length
    return tuple(atoms)


def _part(pattern: str, position: int) -> tuple[list[Atom], int]:
    """The atoms of what stands at a position, and its length."""
    character = pattern[position]
    if character == "*":
        return _stars(pattern, position)
    if character == "[":
        return _brackets(pattern, position)
    if character == "\\":
        if position + 1 == len(pattern):
            raise PatternError("a backslash at the end escapes nothing")
        return [Atom(one_of(pattern[position + 1]))], 2
    return [Atom(one_of(character))], 1


def _stars(pattern: str, position: int) -> tuple[list[Atom], int]:
    if not pattern.startswith("**", position):
        return [Atom(no_slash, optional=True, many=True)], 1
    whole_part = position == 0 or pattern[position - 1] == "/"
    if whole_part and pattern.startswith("**/", position):
        folders = (Atom(one_of(""), optional=True, skips=3), Atom(anything, optional=True, many=True))
        return [*folders, Atom(one_of("/"))], 3
    return [Atom(anything, optional=True, many=True)], 2


def _brackets(pattern: str, position: int) -> tuple[list[Atom], int]:
    end = pattern.find("]", position)
    if end < 0:
        raise PatternError("[ is not closed")
    inside = pattern[position + 1 : end]
    if not inside:
        raise PatternError("[] lists no character")
    parts: list[tuple[str, str, str]] = re.findall(r"(.)-(.)|(.)", inside, re.DOTALL)
    return [Atom(one_of("".join(_range(*part) for part in parts)))], end + 1 - position


def _range(first: str, last: str, single: str) -> str:
    if single:
        return single
    kinds = (str.isdecimal, str.islower, str.isupper)
    if not (first.isascii() and last.isascii() and first <= last and any(kind(first) and kind(last) for kind in kinds)):
        raise PatternError(f"{first}-{last} is no range within a-z, A-Z or 0-9")
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


def matches(pattern: str, name: str) -> bool:
    """Whether one pattern, without `!`, matches the whole name. Raises PatternError."""
    return accepts(compile_pattern(pattern), name)


def accepts(atoms: Sequence[Atom], name: str) -> bool:
    """Whether the atoms, one after the other, take the whole name."""
    states = _reachable(atoms, [0])
    for character in name:
        after: list[int] = []
        for state in states:
            if state < len(atoms) and atoms[state].takes(character):
                after += (state, state + 1) if atoms[state].many else (state + 1,)
        states = _reachable(atoms, after)
    return len(atoms) in states


def _reachable(atoms: Sequence[Atom], states: Iterable[int]) -> set[int]:
    """The states, and those that follow when optional atoms take nothing."""
    found: set[int] = set()
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            if state < len(atoms) and atoms[state].optional:
                waiting += (state + 1, state + atoms[state].skips)
    return found


def deciding(patterns: Sequence[str], name: str) -> int | None:
    """The index of the last pattern of an ordered list that matches, `!` patterns included; None when none does.

    The list takes the name when that pattern has no `!`.
    """
    found = (index for index in reversed(range(len(patterns))) if matches(patterns[index].removeprefix("!"), name))
    return next(found, None)


def takes(patterns: Sequence[str], name: str) -> bool:
    """Whether a filter lets a name in: the last pattern that fits does not begin with `!`. Raises PatternError."""
    index = deciding(patterns, name)
    return index is not None and not patterns[index].startswith("!")

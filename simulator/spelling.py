"""Guesses what a person meant who misspelt a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `word`, or None when none does."""
    names = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), names, n=1)
    return names[found[0]] if found else None


def suggest(word: str, known: Iterable[str]) -> str:
    """A sentence for a hint: the closest known name, else all of them, else that there is none."""
    names = sorted(known)
    if not names:
        return "There is none."
    guess = closest(word, names)
    return f"Did you mean {guess}?" if guess else f"There is: {', '.join(names)}."


def is_slip(word: str, name: str) -> bool:
    """Whether a word is a name with a slip of the keyboard: a letter too many, too few, wrong or exchanged.

    Two slips in a word of eight letters or more; other case counts as none.
    """
    one, other = word.casefold(), name.casefold()
    allowed = 2 if min(len(one), len(other)) >= 8 else 1
    return word != name and abs(len(one) - len(other)) <= allowed and _slips(one, other) <= allowed


def _slips(one: str, other: str) -> int:
    """The letters to insert, take out, replace or exchange with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, here[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and (letter, one[row - 2]) == (other[column - 2], wanted):
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, last = last, here
    return last[-1]

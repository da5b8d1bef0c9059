"""Guesses what a person meant who misspelt a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 80
_MOST: Final = 3


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that a person may have mistyped as `word`, or None where there is none.

    At most one letter in three is wrong, and at most three; two that are exchanged count as one.
    """
    given = word.casefold()
    found: tuple[int, str] | None = None
    for name in known:
        meant = name.casefold()
        most = min(_MOST, max(1, max(len(given), len(meant)) // 3))
        if given and len(given) <= _LONGEST and abs(len(given) - len(meant)) <= most and _share(given, meant, most):
            wrong = _distance(given, meant, most)
            if wrong <= most and wrong < min(len(given), len(meant)) and (found is None or wrong < found[0]):
                found = wrong, name
    return found[1] if found is not None else None


def _share(one: str, other: str, most: int) -> bool:
    """Whether no more than `most` of the letters of each are none of the other's: a quick look before the long one."""
    letters, others = set(one), set(other)
    return len(letters - others) <= most and len(others - letters) <= most


def _distance(one: str, other: str, most: int) -> int:
    """How many letters are wrong, missing, too many, or exchanged with the next; more than `most` is not counted."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        following = [place]
        for at, facing in enumerate(other, start=1):
            cost = min(row[at] + 1, following[-1] + 1, row[at - 1] + (letter != facing))
            if at > 1 and place > 1 and letter == other[at - 2] and one[place - 2] == facing:
                cost = min(cost, before[at - 2] + 1)
            following.append(cost)
        if min(following) > most:
            return most + 1
        before, row = row, following
    return row[-1]


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
    return word != name and abs(len(one) - len(other)) <= allowed and _distance(one, other) <= allowed

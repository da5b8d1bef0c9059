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

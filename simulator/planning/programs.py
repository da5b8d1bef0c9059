"""Which programs of GitHub's Ubuntu image a script surely starts, and which the image has.

The names are in resources/hosted_programs.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from simulator.dated_facts import read_facts
from simulator.planning.outside import TOKEN
from simulator.planning.tools import code_of

_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_ASSIGNMENT: Final = re.compile(r"\w+\+?=")
_HIDING: Final = frozenset(
    {"if", "for", "while", "until", "case", "select", "function", "{", "[[", "!", "exit", "exec", "return", "eval"}
)
"""Words after which it is not sure what is run, or whether it is."""


def hosted_programs() -> Mapping[str, Any]:
    """The data file."""
    return read_facts("hosted_programs")


def surely_started(script: str) -> Sequence[str]:
    """The programs of GitHub's image among the first words of a script's commands.

    Read up to the first word that decides, defines or opens a subshell, and without what follows `&&` or `||`.
    """
    known = frozenset(hosted_programs()["programs"])
    return tuple(dict.fromkeys(name for name in _first_words(script) if name in known))


def _first_words(script: str) -> Iterator[str]:
    words: list[str] = []
    between, sure = "\n", True
    for token in TOKEN.finditer(f"{_EXPRESSION.sub('$_', code_of(script))}\n"):
        if token.lastgroup == "word":
            words.append(token["word"])
        elif token.lastgroup == "odd" or (token.lastgroup == "end" and token["end"] in "()`"):
            return
        elif token.lastgroup == "end":
            if not words:
                between += token["end"]
                continue
            if "&&" in between or "||" in between:
                sure = False
            elif "|" not in between:
                sure = True
            started = [word for word in words if not _ASSIGNMENT.match(word)]
            if started and started[0] in _HIDING:
                return
            if started and sure:
                yield started[0]
            if any("<<" in word for word in words):
                return
            words, between = [], token["end"]

"""A step's log as HTML: numbered lines, groups that fold, colours, a mark on what commands and matchers said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from simulator.report.pages.markup import Html, Part, element, join
from simulator.report.words import log_lines
from simulator.run_events import StepLine

_COLOUR: Final = re.compile(r"\x1b\[([0-9;:]*)m")
_EFFECTS: Final = {1: "bold", 2: "dim", 3: "italic", 4: "under"}
_ENDS: Final = {22: ("bold", "dim"), 23: ("italic",), 24: ("under",)}
_EXTENDED: Final = {5: 2, 2: 4}  # 38;5;n and 38;2;r;g;b: how many numbers belong to them


def log(lines: Sequence[StepLine], name: str, *, first: int = 1) -> Html:
    """The lines of a log, numbered from `first`; each can be linked to, as `name`-L and its number."""
    return element("div", *_blocks(lines, name, first), class_="log")


def _blocks(lines: Iterable[StepLine], name: str, first: int) -> list[Part]:
    """Lines and groups; groups don't nest, as GitHub has it."""
    blocks: list[Part] = []
    title: StepLine | None = None
    inside: list[Part] = []
    for number, line in enumerate(lines, start=first):
        if line.level in {"group", "endgroup"}:
            blocks += _group(title, inside)
            title, inside = (line if line.level == "group" else None), []
        else:
            (blocks if title is None else inside).append(_line(line, name, number))
    return [*blocks, *_group(title, inside)]


def _group(title: StepLine | None, inside: Sequence[Part]) -> list[Part]:
    if title is None:
        return []
    name = join(coloured(text) for text in log_lines(replace(title, level="text"), colours=True))
    return [element("details", element("summary", name or "(no title)"), *inside)]


def _line(line: StepLine, name: str, number: int) -> Html:
    text = join((coloured(each) for each in log_lines(line, colours=True)), between="\n")
    link = element("a", str(number), href=f"#{name}-L{number}", class_="number")
    said = element("span", text or Html("&nbsp;"))
    return element("div", link, said, id=f"{name}-L{number}", class_=None if line.level == "text" else line.level)


def coloured(text: str) -> Html:
    """Text with SGR sequences as spans: the sixteen colours and the simple effects."""
    parts: list[Part] = []
    colour: str | None = None
    effects: set[str] = set()
    for number, part in enumerate(_COLOUR.split(text)):
        if number % 2:
            colour, effects = _state(part, colour, effects)
        elif part:
            classes = " ".join([*([colour] if colour else []), *sorted(effects)])
            parts.append(element("span", part, class_=classes) if classes else part)
    return join(parts)


def _state(codes: str, colour: str | None, effects: set[str]) -> tuple[str | None, set[str]]:
    """The colour and the effects after a sequence."""
    numbers = [int(code[-3:]) if code.isdecimal() else 0 for code in re.split("[;:]", codes)]
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            colour, effects = None, set()
        elif number in _EFFECTS:
            effects = effects | {_EFFECTS[number]}
        elif number in _ENDS:
            effects = effects - set(_ENDS[number])
        elif 30 <= number <= 37 or 90 <= number <= 97:
            colour = f"ansi{number % 10}"
        elif number == 39:
            colour = None
        elif number in {38, 48}:
            kind, rest = (numbers[0], numbers[1:]) if numbers else (0, [])
            if number == 38:
                colour = f"ansi{rest[0] % 8}" if kind == 5 and rest and rest[0] < 16 else None
            del numbers[: _EXTENDED.get(kind, 0)]
    return colour, effects

"""Lines of text that fit a width: sections with a label, columns, hanging indents. Knows rich's Text, no run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from simulator.report.words import without_escapes

if TYPE_CHECKING:
    from rich.console import Console

LABEL: Final = 13  # columns of a section's label
_NARROWEST: Final = 24  # columns that wrapped text gets at least
_ROOMY: Final = 32  # columns that a hanging indent must leave

Part = str | tuple[str, str]  # words, or words and their style


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of any length; what does not fit goes on below, indented by `hang` columns or, for a long word, less.

    A line with `whole` is never broken: a path that people copy.
    """

    text: Text
    hang: int = 0
    whole: bool = False


def line(*parts: Part, hang: int = 0, whole: bool = False) -> Line:
    """A line of words, made safe for a terminal."""
    pieces = [(part, "") if isinstance(part, str) else part for part in parts]
    return Line(text=Text.assemble(*((_one_line(words), style) for words, style in pieces)), hang=hang, whole=whole)


def lines(text: str, *, indent: int = 0, style: str = "", lead: str = "") -> list[Line]:
    """Words that may hold line feeds, after `lead`; each line is indented, and goes on below at the same column."""
    first, *rest = text.strip("\n").split("\n")
    pad = " " * indent
    return [
        line(pad, (lead, "bold"), (first, style), hang=indent),
        *(line(pad, (words, style), hang=indent) for words in rest),
    ]


def columns(rows: Iterable[Sequence[Part]], *, indent: int = 0) -> list[Line]:
    """Rows whose cells stand below each other, two spaces apart; the last cell may be of any length."""
    table = [[(_one_line(c), "") if isinstance(c, str) else (_one_line(c[0]), c[1]) for c in row] for row in rows]
    widths: dict[int, int] = {}
    for row in table:
        for place, (words, _) in enumerate(row[:-1]):
            widths[place] = max(widths.get(place, 0), cell_len(words))
    return [_row(row, widths, indent) for row in table]


def _row(row: list[tuple[str, str]], widths: dict[int, int], indent: int) -> Line:
    text, hang = Text(" " * indent), indent
    for place, (words, style) in enumerate(row):
        last = place == len(row) - 1
        text.append(words, style)
        if not last:
            text.append(" " * (widths[place] - cell_len(words) + 2))
            hang += widths[place] + 2
    text.rstrip()
    return Line(text=text, hang=hang)


def _one_line(words: str) -> str:
    return " ".join(without_escapes(part) for part in words.split("\n"))


def section(label: str, content: Sequence[Line], console: Console) -> list[Text]:
    """The lines of a section, wrapped to the console's width; nothing when it has no content."""
    wrapped = [text for item in content for text in _wrap(item, console)]
    labels = [(f"{label:{LABEL}}", "bold"), *[(" " * LABEL, "")] * len(wrapped)]
    return [Text.assemble(label, text) for label, text in zip(labels, wrapped, strict=False)]


def _wrap(item: Line, console: Console) -> list[Text]:
    width = max(console.width - LABEL, _NARROWEST)
    if item.whole or cell_len(item.text.plain) <= width:
        return [item.text]
    first, *_ = item.text.wrap(console, width, overflow="fold")
    rest = item.text[len(first.plain) :]
    rest = rest[_leading(rest) :]
    needed = max(_ROOMY, *(cell_len(word) for word in rest.plain.split()), 0)
    hang = item.hang if needed <= width - item.hang else min(item.hang, _leading(item.text) + 4)
    hang = min(hang, width - _NARROWEST)
    below = rest.wrap(console, width - hang, overflow="fold") if rest.plain else ()
    return [first, *(Text.assemble(" " * hang, text) for text in below)]


def _leading(text: Text) -> int:
    return len(text.plain) - len(text.plain.lstrip())


def show(content: Iterable[Text], console: Console) -> None:
    """Print lines that are wrapped already."""
    for text in content:
        text.rstrip()
        console.print(text, no_wrap=True, overflow="ignore", crop=False, highlight=False, soft_wrap=True)

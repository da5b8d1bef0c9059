"""HTML that is built of elements, so that text never becomes markup. Knows no run."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Final

from simulator.report.words import without_escapes


class Html(str):
    """Markup that is safe to be put into a page."""

    __slots__ = ()


Part = str | None
VOID: Final = frozenset({"br", "col", "hr", "link", "meta"})


def words(text: str) -> Html:
    """Text as markup: escaped, its lines kept, no control characters."""
    return Html(html.escape("\n".join(without_escapes(line) for line in text.split("\n"))))


def join(parts: Iterable[Part], between: str = "") -> Html:
    """Parts one after the other; text among them is escaped, None left out."""
    return Html(between.join(part if isinstance(part, Html) else words(part) for part in parts if part is not None))


def element(tag: str, /, *children: Part, **attributes: str | bool | None) -> Html:
    """An element; `class_` is its class, `aria_label` its aria-label, True an attribute without value, None is none."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{words(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{tag}{given}>" + ("" if tag in VOID else f"{join(children)}</{tag}>"))


def table(headings: Sequence[str], rows: Iterable[Sequence[Part]], *, caption: str) -> Html:
    """A table with a caption that is read out; the first cell of a row names it. It may be wider than the page."""
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = [
        element("tr", *(element("td", cell) if at else element("th", cell, scope="row") for at, cell in enumerate(row)))
        for row in rows
    ]
    inner = element("caption", caption, class_="quiet"), element("thead", head), element("tbody", *body)
    return element("div", element("table", *inner), class_="wide", tabindex="0", role="region", aria_label=caption)


def items(parts: Iterable[Part]) -> Html:
    """An unordered list."""
    return element("ul", *(element("li", part) for part in parts))


def code(text: str) -> Html:
    """Text to be read letter by letter."""
    return element("code", text)


def badge(text: str, kind: str) -> Html:
    """A word with a colour; `kind` is success, failure, warning, notice, cancelled or skipped."""
    return element("span", text, class_=f"badge {kind}")

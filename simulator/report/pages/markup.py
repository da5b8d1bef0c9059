"""HTML that is built of elements where a template would not do: text never becomes markup. Knows no run."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

from simulator.report.words import without_escapes


class Html(str):
    """Markup that is safe to be put into a page."""

    __slots__ = ()

    def __html__(self) -> str:
        """Itself: templates put it in as it is."""
        return self


Part = str | None
VOID: Final = frozenset({"br", "col", "hr", "input", "link", "meta"})
_CODE: Final = re.compile(r"`([^`\n]+)`")


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


def prose(text: str) -> Html:
    """A sentence or several lines; what stands in backticks is code."""
    shown = _CODE.sub(r"<code>\1</code>", words(text))
    return Html(f'<span class="lines">{shown}</span>') if "\n" in text else Html(shown)

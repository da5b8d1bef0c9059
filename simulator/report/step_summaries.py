"""What a step wrote to GITHUB_STEP_SUMMARY, as lines for a terminal: its Markdown rendered, and nothing that acts.

The Markdown is the job's: no escape sequence of it and no link gets to the terminal, and only so much is rendered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from rich.markdown import Heading, Markdown
from rich.style import Style
from rich.text import Text

from simulator.report.words import without_escapes

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_MOST_CHARACTERS: Final = 20_000  # the rest is in the step's file
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(r"<(/?)(\w+)((?:\s[^<>]*)?)>")
_ALT: Final = re.compile(r"\salt=[\"']([^\"']*)[\"']", re.IGNORECASE)
# The tags of which summaries are made (those of @actions/core among them), as Markdown: at their start and their end.
_TAGS: Final = {
    **{f"h{level}": (f"\n\n{'#' * level} ", "\n\n") for level in range(1, 7)},
    **dict.fromkeys(("p", "div", "table", "ul", "ol", "details", "blockquote", "picture"), ("\n\n", "\n\n")),
    **dict.fromkeys(("b", "strong"), ("**", "**")),
    **dict.fromkeys(("i", "em"), ("*", "*")),
    **dict.fromkeys(("td", "th"), ("", " | ")),
    **dict.fromkeys(("a", "span", "sub", "sup", "thead", "tbody", "source", "kbd", "img"), ("", "")),
    "summary": ("\n\n**", "**\n\n"),
    "tr": ("\n", "  \n"),
    "li": ("\n- ", "\n"),
    "code": ("`", "`"),
    "pre": ("\n```\n", "\n```\n"),
    "br": ("  \n", ""),
    "hr": ("\n\n---\n\n", ""),
}


class _Heading(Heading):
    """A heading at the left."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        self.text.stylize("bold underline" if self.tag == "h1" else "bold")
        yield self.text


class _Summary(Markdown):
    elements: ClassVar = {**Markdown.elements, "heading_open": _Heading}


def summary_lines(markdown: str, console: Console, width: int) -> list[Text]:
    """The rendered lines, none wider than `width`, without empty ones at both ends."""
    safe = "\n".join(without_escapes(line) for line in markdown[:_MOST_CHARACTERS].split("\n"))
    rendered = _Summary(_without_tags(safe), hyperlinks=False, code_theme="bw")
    options = console.options.update(width=width, height=None)
    lines = [
        Text.assemble(*((without_escapes(part.text), part.style or Style.null()) for part in line if not part.control))
        for line in console.render_lines(rendered, options, pad=False)
    ]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    while lines and not lines[0].plain.strip():
        lines.pop(0)
    for line in lines:
        line.rstrip()
    return lines


def _without_tags(text: str) -> str:
    return _TAG.sub(_as_markdown, _COMMENT.sub("", text))


def _as_markdown(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name not in _TAGS:
        return tag[0]
    if name == "img" and (alt := _ALT.search(tag[3])):
        return alt[1]
    return _TAGS[name][1 if tag[1] else 0]

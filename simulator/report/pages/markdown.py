"""GitHub's Markdown as HTML that can do nothing: the Markdown is the job's own, so the result is cleaned."""

from __future__ import annotations

import functools
import re
from typing import Final

import nh3
from markdown_it import MarkdownIt

from simulator.report.pages.markup import Html, element
from simulator.report.words import without_escapes

MOST_CHARACTERS: Final = 100_000  # more is shown as it was written
_TAGS: Final = {
    *(
        "a",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
    ),
    *("h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "picture", "pre", "q", "s", "samp", "span"),
    *("strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var"),
}
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "details": {"open"},
    "img": {"alt"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_HEADING: Final = re.compile(r"<(/?)h([1-6])([ >])")
_PICTURE: Final = re.compile(r'<img(?: alt="([^"]*)")?>')
_SCHEMES: Final = ("http://", "https://", "mailto:")  # a relative link would lead into the reader's own files
_TASK: Final = re.compile(r"<li>(<p>)?\[([ xX])\] ")
_ABOVE: Final = 3  # headings of the page, below which those of a summary stand


@functools.cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def markdown_html(markdown: str) -> Html:
    """A summary as markup; its headings go on below the page's. Pictures keep their words, as nothing is loaded."""
    if len(markdown) > MOST_CHARACTERS:
        return element("pre", markdown)
    return cleaned(_renderer().render(markdown.encode(errors="replace").decode()))


def _kept(_tag: str, name: str, value: str) -> str | None:
    """An attribute; what renderers call a language is one of programs, and no language to read aloud."""
    return None if name == "lang" or (name == "href" and not value.startswith(_SCHEMES)) else value


def cleaned(markup: str) -> Html:
    """Markup of somebody else, of which what a page may show is left."""
    clean = nh3.clean(
        markup,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
    )
    clean = _PICTURE.sub(lambda picture: f"<em>{picture[1] or 'picture'}</em>", clean)
    clean = "\n".join(without_escapes(line) for line in clean.split("\n"))
    lower = _HEADING.sub(lambda tag: f"<{tag[1]}h{min(int(tag[2]) + _ABOVE, 6)}{tag[3]}", clean)
    tasks = _TASK.sub(lambda item: f"<li>{item[1] or ''}{'☐' if item[2] == ' ' else '☑'} ", lower)
    return Html(f'<div class="markdown">{tasks}</div>')

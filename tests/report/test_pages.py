"""The page of a run: well formed, harmless, readable by all, and the same each time."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

from simulator.report.codec import decode, dump, encode, load
from simulator.report.pages.logs import coloured, log
from simulator.report.pages.markdown import MOST_CHARACTERS, markdown_html
from simulator.report.pages.markup import VOID
from simulator.report.pages.page import document
from simulator.report.pages.record import FIRST_LINES, LAST_LINES, record_of
from simulator.run_events import Annotation, RunEvent, StepLine, StepSummary
from tests.report.closed import CLOSED

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").iterdir())
EventsOf = Callable[[str], Sequence[RunEvent]]
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\x1b[2J\x00"


class Reader(HTMLParser):
    """What a page is made of; fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.headings: list[int] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def changed(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        return {key: changed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [changed(item, name) for item in value]
    return f"{value}{ATTACK}" if isinstance(value, str) and name not in CLOSED else value


def hostile(events: Sequence[RunEvent]) -> list[RunEvent]:
    made = [decode(changed(encode(event))) for event in events]  # type: ignore[arg-type]
    return [event for event in made if event is not None]


@pytest.mark.parametrize("attack", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_every_page_is_well_formed_and_does_nothing(events_of: EventsOf, case: str, attack: bool) -> None:
    events = hostile(events_of(case)) if attack else events_of(case)
    text = document(record_of(events))
    page = Reader(text)
    assert page.tags["script"] == page.tags["iframe"] == page.tags["form"] == page.tags["object"] == 0
    assert not any(name.startswith("on") or name == "style" for name in page.attributes)
    assert all(link == "data:," or link.startswith("#") for link in page.links)
    assert page.tags["img"] == 0
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


@pytest.mark.parametrize("case", CASES)
def test_the_record_makes_the_same_page(events_of: EventsOf, case: str) -> None:
    events = events_of(case)
    again = [event for event in map(load, map(dump, events)) if event is not None]
    assert document(record_of(events)) == document(record_of(again))


def test_the_policy_lets_nothing_in_but_the_style(events_of: EventsOf) -> None:
    text = document(record_of(events_of("go")))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert style
    assert policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#x27;sha256-{digest}&#x27;" in policy[1]
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "unsafe" not in policy[1]
    assert "http" not in style[1]


def test_what_a_page_says(events_of: EventsOf) -> None:
    text = " ".join(" ".join(Reader(document(record_of(events_of("go")))).text).split())
    for words in (
        "GO",
        "Rehearsal of push of tag v0.1.0",
        "Findings",
        "Jobs",
        "publish-pypi",
        "Successfully installed build-1.5.1",
        "Trusted publishing",
        "job_workflow_ref",
        "Published files",
        "pip install (wheel)",
        "Environments",
        "Requests",
        "Why it ran",
    ):
        assert words in text, words


def test_a_failed_step_is_open_and_a_finding_says_what_mends_it(events_of: EventsOf) -> None:
    text = document(record_of(events_of("failed-build")))
    assert re.search(r'<details class="job" open>.*?<details class="step" id="[^"]*" open>', text, re.DOTALL)
    assert "<strong>Fix: </strong>" in text


def test_an_annotation_stands_at_its_place_and_leads_to_its_step(events_of: EventsOf) -> None:
    note = Annotation(
        job_id="build", number=2, level="warning", message="look <here>", file="a.py", line=3, source="x = '<y>'"
    )
    text = document(record_of([*events_of("go"), note]))
    assert "<code>a.py:3</code>" in text
    assert "look &lt;here&gt;" in text
    assert "<pre>x = &#x27;&lt;y&gt;&#x27;</pre>" in text
    assert '<a href="#job-1-step-2">' in text


def test_a_summary_is_rendered_below_its_step(events_of: EventsOf) -> None:
    written = StepSummary(
        job_id="build", number=2, markdown="# Coverage\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n- [x] done"
    )
    text = document(record_of([*events_of("go"), written]))
    assert "<h4>Coverage</h4>" in text
    assert "<td>1</td>" in text
    assert "<s>2</s>" in text
    assert "☑ done" in text
    Reader(text)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<a href='javascript:alert(1)'>x</a>",
        "<img src=x onerror=alert(1)>",
        "<p style='position:fixed' class=verdict id=content>GO</p>",
        "<style>*{display:none}</style>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<iframe src='https://x.example'></iframe><form action=x><input name=y></form>",
        "</div></article></main><h1>GO</h1>",
        "<a href='data:text/html,x'>x</a><base href='https://x.example'>",
        '<!--<img src="--><img src=x onerror=alert(1)//">',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        "&#27;[2J",
    ],
)
def test_a_summary_can_do_nothing(markdown: str) -> None:
    html = markdown_html(markdown)
    page = Reader(html)
    assert page.tags.keys() <= {"a", "div", "p", "em", "h4", "table", "tbody", "tr", "td"}
    assert page.attributes <= {"class", "href", "title", "rel"}
    assert html.count("class=") == 1
    assert not any(link.startswith(("javascript:", "data:")) for link in page.links)


def test_pictures_keep_their_words_and_links_lead_out() -> None:
    html = markdown_html(
        '![a "shot"](x.png) <img src=y> [out](https://x.example/a) [file](../../secret) [up](#content)'
    )
    assert html.count("<em>a &quot;shot&quot;</em>") == 1
    assert "<em>picture</em>" in html
    assert Reader(html).links == ["https://x.example/a"]


def test_a_huge_summary_is_shown_as_it_is() -> None:
    assert markdown_html("# x\n" * MOST_CHARACTERS).startswith("<pre># x\n")


def lines(*texts: tuple[str, str]) -> list[StepLine]:
    return [StepLine(job_id="b", number=1, line=text, level=level) for level, text in texts]  # type: ignore[arg-type]


def test_groups_fold_and_commands_are_marked() -> None:
    html = log(
        lines(
            ("group", "Run <x>"),
            ("command", "make"),
            ("endgroup", ""),
            ("text", ""),
            ("error", "bad"),
            ("group", "Open"),
        )
    )
    assert html == (
        '<div class="log"><details><summary>Run &lt;x&gt;</summary><div class="command">$ make</div></details>'
        '<div>&nbsp;</div><div class="error">Error: bad</div><details><summary>Open</summary></details></div>'
    )


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("\x1b[31mred\x1b[0m plain", '<span class="ansi1">red</span> plain'),
        ("\x1b[1;92mb\x1b[22mg\x1b[39mp", '<span class="ansi2 bold">b</span><span class="ansi2">g</span>p'),
        ("\x1b[38;5;1mr\x1b[38;2;9;9;9mt\x1b[48;5;4mu", '<span class="ansi1">r</span>tu'),
        ("\x1b[mx\x1b[4my\x1b[24mz", 'x<span class="under">y</span>z'),
        ("\x1b[99999999999;38;5mx", "x"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_colours(text: str, html: str) -> None:
    assert coloured(text) == html


def test_a_long_log_is_cut_in_the_middle(events_of: EventsOf) -> None:
    count = FIRST_LINES + LAST_LINES + 7
    more = [StepLine(job_id="build", number=2, line=f"line {n}") for n in range(count)]
    record = record_of([*events_of("go"), *more])
    text = document(record)
    assert f"<div>line {count - 1}</div>" in text
    left_out = record.logs["build", 2].left_out
    assert f"{left_out} lines left out here" in text


def test_colours_are_told_apart_from_their_ground() -> None:
    """WCAG's contrast of 4.5, in the light and in the dark."""
    css = resources.files("simulator.report.pages").joinpath("style.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", part)) for part in css.split("prefers-color-scheme"))
    for scheme in (light, dark):
        grounds = [scheme.pop("page"), scheme.pop("raised")]
        scheme.pop("line")
        for name, colour in scheme.items():
            assert min(contrast(colour, ground) for ground in grounds) >= 4.5, name


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

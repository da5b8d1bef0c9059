"""The page of a run: well formed, harmless, readable by all, and the same each time."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

from simulator.described_releases import ReleaseDescribed
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.report.codec import dump, load
from simulator.report.pages.logs import coloured, log
from simulator.report.pages.markdown import MOST_CHARACTERS, markdown_html
from simulator.report.pages.markup import VOID
from simulator.report.pages.page import document
from simulator.report.pages.record import FIRST_LINES, LAST_LINES, record_of
from simulator.run_events import (
    Annotation,
    Conclusion,
    FindingRaised,
    JobFinished,
    JobPlanned,
    JobStarted,
    RunEvent,
    RunFinished,
    StepLine,
    StepSummary,
    Verdict,
)
from tests.report.attacked import hostile

CASES = sorted(path.name for path in (Path(__file__).parent / "cases").iterdir())
EventsOf = Callable[[str], Sequence[RunEvent]]


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
        if self.open[-1:] not in (["style"], ["script"]):
            self.text.append(data)


@pytest.mark.parametrize("attack", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_every_page_is_well_formed_and_does_nothing(events_of: EventsOf, case: str, attack: bool) -> None:
    events = hostile(events_of(case)) if attack else events_of(case)
    text = document(record_of(events))
    page = Reader(text)
    assert page.tags["script"] == 1, "pysim's own, which the policy names"
    assert page.tags["iframe"] == page.tags["form"] == page.tags["object"] == 0
    assert not any(name.startswith("on") or name == "style" for name in page.attributes)
    own = ("#", "./logs/", "./events.jsonl", "./summary.json", "logs/")
    assert all(link == "data:," or link.startswith(own) for link in page.links)
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


def test_the_policy_lets_nothing_in_but_the_style_and_the_script(events_of: EventsOf) -> None:
    text = document(record_of(events_of("go")))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert style
    assert script
    assert policy
    said = html.unescape(policy[1])
    for name, content in (("style", style[1]), ("script", script[1])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in said
    assert "default-src 'none'" in said
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
    assert re.search(r'<details class="job" id="[^"]*" open>.*?<details class="step" id="[^"]*" open>', text, re.DOTALL)
    assert "<strong>Fix: </strong>" in text


def test_an_annotation_stands_at_its_place_and_leads_to_its_step(events_of: EventsOf) -> None:
    note = Annotation(
        job_id="build", number=2, level="warning", message="look <here>", file="a.py", line=3, source="x = '<y>'"
    )
    text = document(record_of([*events_of("go"), note]))
    assert "<code>a.py:3</code>" in text
    assert "look &lt;here&gt;" in text
    assert "<pre>x = &#39;&lt;y&gt;&#39;</pre>" in text
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


DESCRIBED = ReleaseDescribed(
    job_id="publish-pypi",
    index="pypi",
    project="orchay",
    version="0.1.0",
    summary="A <small> thing",
    description="# Orchay\n\n**bold** ![logo](https://x.example/l.png) <script>alert(1)</script>\n\n[up](../x)",
    description_type="text/markdown; charset=UTF-8",
    requires_python=">=3.9",
    classifiers=("License :: OSI Approved", "Topic :: Software Development", "Topic :: Utilities"),
    urls=("Home, https://x.example/home", "Bad, javascript:alert(1)"),
)


def test_the_page_of_the_project_is_shown_as_the_index_would(events_of: EventsOf) -> None:
    text = document(record_of([*events_of("go"), DESCRIBED]))
    page = Reader(text)
    assert "<strong>bold</strong>" in text
    assert "<em>logo</em>" in text, "nothing is loaded"
    assert "A &lt;small&gt; thing" in text
    assert "https://x.example/home" in page.links
    assert not any("javascript" in link for link in page.links)
    assert page.tags["script"] == 1
    assert text.index("Topic") < text.index("Utilities")


def test_what_does_not_render_is_shown_as_it_is(events_of: EventsOf) -> None:
    plain = replace(DESCRIBED, description="<b>as it is</b>", description_type="text/plain")
    assert "<pre>&lt;b&gt;as it is&lt;/b&gt;</pre>" in document(record_of([*events_of("go"), plain]))


def test_the_logs_of_steps_that_ended_well_are_linked(events_of: EventsOf) -> None:
    events = events_of("go")
    page = Reader(document(record_of(events), "../runs/one"))
    assert any(link.startswith("../runs/one/logs/build/") for link in page.links)
    assert "Successfully installed build-1.5.1" not in " ".join(page.text)


def test_the_jobs_of_a_matrix_stand_together() -> None:
    keys = [f"test ({n})" for n in range(3)]
    events: list[RunEvent] = [
        *(JobPlanned(job_id=key, name=key, needs=(), workflow="w") for key in keys),
        JobPlanned(job_id="publish", name="publish", needs=("test",), workflow="w"),
        *(JobStarted(job_id=key, at=1.0) for key in keys),
        *(JobFinished(job_id=key, conclusion=Conclusion.SUCCESS, at=2.0) for key in keys[1:]),
        JobFinished(job_id=keys[0], conclusion=Conclusion.FAILURE, at=3.0),
    ]
    text = document(record_of(events))
    assert re.search(r'<details class="group" open>\s*<summary>.*<strong>test</strong>.*3 jobs: 1 failed, 2 ok', text)
    assert text.count('class="edge"') == 1
    assert text.count("<rect") - text.count('class="bar') == 2, "a box for the matrix, and one for the other job"
    assert text.count('class="bar') == 3


def test_a_message_stands_once_and_its_backticks_are_code(events_of: EventsOf) -> None:
    place = Span(file="release.yml", line=3, column=1)
    found = Finding(
        code="x",
        severity=Severity.ERROR,
        message="No `dist/` <there>",
        hint="Write `path`.",
        where=place,
        source=" a: 1",
    )
    ended = RunFinished(verdict=Verdict.NO_GO, reason="It fails", refused=False, at=1.0)
    text = document(record_of([events_of("go")[0], FindingRaised(finding=found), ended]))
    assert text.count("<code>dist/</code> &lt;there&gt;") == 1
    assert "<pre>a: 1</pre>" in text
    assert "<strong>Fix: </strong>Write <code>path</code>." in text


def lines(*texts: tuple[str, str]) -> list[StepLine]:
    return [StepLine(job_id="b", number=1, line=text, level=level) for level, text in texts]  # type: ignore[arg-type]


def test_groups_fold_and_commands_are_marked() -> None:
    shown = log(
        lines(
            ("group", "Run <x>"),
            ("command", "make"),
            ("endgroup", ""),
            ("text", ""),
            ("error", "bad"),
            ("group", "Open"),
        ),
        "s",
    )
    assert re.sub(r'<a href="#(s-L\d+)" class="number">\d+</a><span>(.*?)</span></div>', r"\2</div>", shown) == (
        '<div class="log"><details><summary>Run &lt;x&gt;</summary>'
        '<div id="s-L2" class="command">$ make</div></details>'
        '<div id="s-L4">&nbsp;</div><div id="s-L5" class="error">Error: bad</div>'
        "<details><summary>Open</summary></details></div>"
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
    record = record_of([*events_of("failed-build"), *more])
    text = document(record)
    assert f"<span>line {count - 1}</span>" in text
    assert f'-L{record.logs["build", 2].count}"' in text, "the last one has the number of the whole log"
    left_out = record.logs["build", 2].left_out
    assert f"{left_out} lines left out here" in text


def test_colours_are_told_apart_from_their_ground() -> None:
    """WCAG's contrast of 4.5, in the light and in the dark."""
    css = resources.files("simulator.report.pages").joinpath("style.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", part)) for part in css.split("prefers-color-scheme"))
    for scheme in (light, dark):
        grounds = [scheme.pop("page"), scheme.pop("raised")]
        scheme.pop("line")
        scheme.pop("mark")
        for name, colour in scheme.items():
            assert min(contrast(colour, ground) for ground in grounds) >= 4.5, name


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

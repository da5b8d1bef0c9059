"""Summaries of steps on a terminal: rendered, and without power over it."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from simulator.report.step_summaries import summary_lines


def shown(markdown: str, width: int = 60) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system="truecolor", force_terminal=True, _environ={})
    return [line.plain for line in summary_lines(markdown, console, width)]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Title\n\nsome *text* and `code`", ["Title", "some text and code"]),
        ("- a\n- b", [" • a", " • b"]),
        ("<h1>Title</h1><p>text<br>more</p>", ["Title", "text", "more"]),
        ("<ul><li>a</li><li>b</li></ul>", [" • a", " • b"]),
        ("<details><summary>More</summary>inside</details>", ["More", "", "inside"]),
        ("<!-- hidden -->seen", ["seen"]),
        ("<img src='x' alt=\"a picture\">", ["a picture"]),
        ("[text](https://x.example)", ["text (https://x.example)"]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_what_is_shown(markdown: str, expected: list[str]) -> None:
    assert [line for line in shown(markdown) if line] == [line for line in expected if line]


def test_tables_of_both_kinds() -> None:
    text = "\n".join(shown("| file | size |\n|---|---|\n| a.whl | 3 kB |"))
    assert all(word in text for word in ("file", "size", "a.whl", "3 kB"))
    text = "\n".join(shown("<table><tr><th>file</th><th>size</th></tr><tr><td>a.whl</td><td>3 kB</td></tr></table>"))
    assert "file | size" in text
    assert "a.whl | 3 kB" in text


@pytest.mark.parametrize(
    "markdown",
    [
        "\x1b[2J\x1b]0;title\x07text",
        "&#27;[2J text",
        "&#x9b;2J text",
        "`\x1b[31mred`",
        "[text](javascript:alert(1))",
        "[\x1b]8;;x\x1b\\text](https://x.example/\x1b[2J)",
        "```\n\x1b]52;c;YQ==\x07text\n```",
    ],
)
def test_nothing_of_a_summary_acts_on_the_terminal(markdown: str) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=60, color_system=None, force_terminal=True, _environ={})
    lines = summary_lines(markdown, console, 60)
    for line in lines:
        console.print(line)
    written = stream.getvalue()
    assert lines
    assert not any(ord(character) < 32 and character != "\n" for character in written)
    assert "\x9b" not in written


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_every_text_fits(markdown: str) -> None:
    assert all(cell_len(line) <= 40 for line in shown(markdown, 40))


@pytest.mark.parametrize("part", ["[", "> ", "*a_", "<b>", "![](", "`", "- ", "|a"])
def test_nothing_takes_long(part: str) -> None:
    begin = time.process_time()
    shown(part * 200_000)
    assert time.process_time() - begin < 5

"""Numbers and lines of logs in words."""

from __future__ import annotations

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.report.words import (
    duration,
    file_lines,
    last_lines,
    log_lines,
    only_colours,
    plural,
    size,
    trigger,
    without_escapes,
)
from simulator.run_events import RunStarted, StepLine


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (3.14, "3.1 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 0 s"),
     (125, "2 min 5 s"), (3599.7, "1 h 0 min"), (3780, "1 h 3 min"), (-2, "0.0 s")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
     (1_400_000_000, "1.4 GB"), (2_000_000_000_000, "2.0 TB")],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


def test_plurals() -> None:
    assert [plural(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


@pytest.mark.parametrize(
    ("event", "ref", "text"),
    [
        ("push", "refs/tags/v1", "push of tag v1"),
        ("push", "refs/heads/a/b", "push of branch a/b"),
        ("pull_request", "refs/pull/3/merge", "pull_request of refs/pull/3/merge"),
    ],
)
def test_triggers(event: str, ref: str, text: str) -> None:
    assert trigger(RunStarted(run_id="r", event=event, ref=ref, sha="s", repository="o/r", at=0.0)) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07after", "after"),
        ("10%\r55%\r100%\r", "100%"),
        ("\ta\x08\x00", "    a"),
        ("\x1b(Bx\x1b7\x1b", "x"),
        ("\x9b31mred", "31mred"),
        ("a\u202egnp.\u2066b\u2069", "agnp.b"),
        ("\r", ""),
    ],
)
def test_escapes_are_taken_out(raw: str, text: str) -> None:
    assert without_escapes(raw) == text


@given(st.text(st.sampled_from("\x1b[]m;0123\x07\\ab\r\t\x9b\ud800P_^")))
def test_nothing_that_a_terminal_obeys_is_left(raw: str) -> None:
    clean = without_escapes(raw)
    assert clean.isprintable()
    assert without_escapes(clean) == clean
    assert without_escapes(only_colours(raw)) == clean or "\x1b" in raw


LINES = [
    ("text", "x", ["x"], ["x"]),
    ("text", "[command]git init", ["$ git init"], ["[command]git init"]),
    ("command", "git init", ["$ git init"], ["[command]git init"]),
    ("group", "Set up", ["> Set up"], ["##[group]Set up"]),
    ("endgroup", "", [], ["##[endgroup]"]),
    ("error", "no\nreally", ["Error: no", "really"], ["##[error]no", "really"]),
    ("warning", "w", ["Warning: w"], ["##[warning]w"]),
    ("notice", "n", ["Notice: n"], ["##[notice]n"]),
    ("debug", "d", ["Debug: d"], ["##[debug]d"]),
]


@pytest.mark.parametrize(("level", "line", "shown", "filed"), LINES)
def test_lines_of_each_level(level: str, line: str, shown: list[str], filed: list[str]) -> None:
    event = StepLine(job_id="j", number=1, line=line, level=typing.cast("typing.Literal['text']", level))
    assert log_lines(event) == shown
    assert file_lines(event) == filed


def test_last_lines_have_no_empty_ends() -> None:
    events = [StepLine(job_id="j", number=1, line=text) for text in ("a", "", "b", "", "c", "", " ")]
    assert last_lines(events, 3) == ["b", "", "c"]
    assert last_lines(events, 2) == ["c"]
    assert last_lines([], 5) == []

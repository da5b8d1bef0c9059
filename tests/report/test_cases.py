"""Recorded runs and the text and data made of them; `--update-cases` writes the expected files anew."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from simulator.paths import RunFolder
from simulator.report.codec import read_events
from simulator.report.go_no_go import report
from simulator.report.plain import PlainRenderer
from simulator.report.state import replay
from simulator.report.summary import summary

CASES = sorted((Path(__file__).parent / "cases").iterdir())
FOLDER = RunFolder(Path(".pysim/runs/20261123-074455-3f9a"))


def check(expected: Path, text: str, *, update: bool) -> None:
    if update:
        expected.write_text(text, encoding="utf-8") if text else expected.unlink(missing_ok=True)
    assert text == (expected.read_text(encoding="utf-8") if expected.exists() else ""), "see --update-cases"


def plain(case: Path, *, verbose: bool) -> str:
    stream = io.StringIO()
    renderer = PlainRenderer(stream, verbose=verbose, folder=FOLDER)
    for event in read_events(case / "events.jsonl"):
        renderer(event)
    renderer.close()
    renderer.close()
    return stream.getvalue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plain(case: Path, update_cases: bool) -> None:
    check(case / "plain.txt", plain(case, verbose=False), update=update_cases)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plain_verbose(case: Path, update_cases: bool) -> None:
    check(case / "verbose.txt", plain(case, verbose=True), update=update_cases)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_report(case: Path, update_cases: bool) -> None:
    state = replay(read_events(case / "events.jsonl"))
    console = Console(width=80, color_system=None, force_terminal=True, _environ={})
    text = "".join(f"{line.plain.rstrip()}\n" for line in report(state, console, folder=FOLDER))
    check(case / "report.txt", text, update=update_cases)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_summary(case: Path, update_cases: bool) -> None:
    result = summary(replay(read_events(case / "events.jsonl")))
    check(case / "summary.json", json.dumps(result, indent=2) + "\n" if result else "", update=update_cases)

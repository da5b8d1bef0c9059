"""What a rule says of a workflow depends on the day on which it would run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.diagnostics import Severity
from simulator.rehearsal.rules.model import Subject
from simulator.rehearsal.rules.registry import check
from simulator.workflow.loader import load_workflow

ENDING = b"on: push\njobs: {a: {runs-on: ubuntu-22.04, steps: [{run: make}]}}"


@pytest.mark.parametrize(
    ("day", "severity", "words"),
    [
        ("2026-11-30", Severity.NOTICE, "removes the image ubuntu-22.04 on 2027-04-17"),
        ("2027-04-17", Severity.ERROR, "removed the image ubuntu-22.04 on 2027-04-17"),
    ],
)
def test_an_image_whose_end_is_known(day: str, severity: Severity, words: str) -> None:
    workflow = load_workflow(ENDING, "release.yml").workflow
    assert workflow is not None
    now = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    (found,) = check(Subject(workflow=workflow, now=now))
    assert (found.code, found.severity) == ("retired-runner", severity)
    assert words in found.message


@pytest.mark.parametrize(("day", "found"), [("2025-01-29", []), ("2025-01-30", ["retired-action"])])
def test_an_action_is_retired_from_its_day_on(day: str, found: list[str]) -> None:
    text = b"on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: actions/upload-artifact@v3}]}}"
    workflow = load_workflow(text, "release.yml").workflow
    assert workflow is not None
    now = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    assert [problem.code for problem in check(Subject(workflow=workflow, now=now))] == found

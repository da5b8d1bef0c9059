"""Hostile text ends in diagnostics, with little memory and soon: read in a child process that has no more."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from simulator.process import run
from tests.workflow.hostile import LARGE, REFUSED

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, object]]:
    """What was found, by the name of the text."""
    ended = run([sys.executable, "-m", "tests.workflow.hostile"], cwd=ROOT, check=False, timeout=300)
    lines = [json.loads(line) for line in ended.text.splitlines()]
    return {line["name"]: line for line in lines} | {"": {"complaint": ended.complaint}}


@pytest.mark.parametrize("name", [*REFUSED, *LARGE])
def test_hostile_text_is_refused(name: str, answers: dict[str, dict[str, object]]) -> None:
    assert name in answers, answers[""]["complaint"]
    count, first = answers[name]["count"], answers[name]["first"]
    assert isinstance(count, int)
    assert count == 1 if name in REFUSED else count >= 0
    assert isinstance(first, str)
    assert len(first) <= 505

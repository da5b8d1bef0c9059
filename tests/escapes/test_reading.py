"""Every attempt of `attempts/host/`, in processes that have little time for each, and little memory."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator.process import run
from tests.escapes.reading import MEGABYTES, ReadingAttempt, reading_attempts

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def answers() -> Mapping[str, str]:
    """What was said, by the name of the attempt; what the processes complained of, by none."""
    found = {"": ""}
    for kind in MEGABYTES:
        ended = run([sys.executable, "-m", "tests.escapes.reading", kind], cwd=ROOT, check=False, timeout=300)
        found |= {line["name"]: line["answer"] for line in map(json.loads, ended.text.splitlines())}
        found[""] += ended.complaint
    return found


@pytest.mark.clients
@pytest.mark.parametrize("attempt", reading_attempts(), ids=lambda attempt: attempt.name)
def test_host(attempt: ReadingAttempt, answers: Mapping[str, str]) -> None:
    assert attempt.name in answers, answers[""]
    answer = answers[attempt.name]
    assert attempt.reads != "workflow" or all(len(line) <= 505 for line in answer.splitlines())
    for pattern in attempt.says or (".",):
        assert re.search(pattern, answer), answer

"""GitHub's own cases, where they lie beside the project; they are not part of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simulator.process import run

ADAPTER = Path(__file__).with_name("adapter.py")
DATA = Path(__file__).parents[2].parent / "shared" / "conformance"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="GitHub's conformance data is not beside the project")


def totals(*arguments: str) -> dict[str, float]:
    """What the data's own checker says of the adapter: the percentage of each score."""
    said = run([sys.executable, DATA / "check.py", *arguments, "--min", "0"]).text
    lines = [line.split() for line in said.splitlines() if line.startswith("= ")]
    return {" ".join(words[1:-3]): float(words[-2]) for words in lines}


def workflows(*arguments: str) -> dict[str, float]:
    return totals("workflow", str(DATA / "workflows"), "--cmd", f"{sys.executable} {ADAPTER} workflow", *arguments)


def test_expressions() -> None:
    scores = totals("expr", str(DATA / "expressions"), "--cmd", f"{sys.executable} {ADAPTER} expr", "--skip", "memory")
    assert scores == {"pass": 100, "err phase": 100, "err message": 100}


def test_workflows() -> None:
    """Scores that GitHub's own TypeScript parser has at 91 (pass) and 86 (strict)."""
    scores = workflows("--skip", "obsolete,experimental,internal,limits,policy")
    assert scores["pass"] == scores["detail"] == scores["err line"] == scores["err message"] == 100
    assert scores["strict"] >= 95


def test_workflows_of_all_tags() -> None:
    scores = workflows()
    assert scores["pass"] >= 95
    assert scores["strict"] >= 95
    assert scores["err line"] == 100

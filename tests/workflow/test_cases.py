"""Workflow files and what is wrong with them: cases/NAME.yml and NAME.out, a line `line:col code message` a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.diagnostics import Severity
from simulator.workflow.loader import load_workflow

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.yml"))


def report(path: Path) -> str:
    loaded = load_workflow(path.read_bytes(), path.name)
    errors = [item for item in loaded.diagnostics if item.severity is Severity.ERROR]
    assert (loaded.workflow is None) is bool(errors)
    lines = [f"{item.span.line}:{item.span.column} {item.code} {item.message}" for item in loaded.diagnostics]
    hints = [f"    {item.hint}" if item.hint else "" for item in loaded.diagnostics]
    return "".join(f"{text}\n" for pair in zip(lines, hints, strict=True) for text in pair if text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path, update_cases: bool) -> None:
    expected = path.with_suffix(".out")
    if update_cases:
        expected.write_text(report(path), encoding="utf-8")
    assert report(path) == expected.read_text(encoding="utf-8")


def test_every_expectation_has_its_case() -> None:
    assert {path.stem for path in CASES.glob("*.out")} == {path.stem for path in FILES}

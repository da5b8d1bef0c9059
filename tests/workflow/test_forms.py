"""What a file means, in the form that GitHub's own cases have: forms/NAME.yml and NAME.json.

`# limits: NAME=N` in the first line sets a limit; called workflows lie in forms/called under the name of their file.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.diagnostics import Diagnostic
from simulator.workflow.calls import load_calls
from simulator.workflow.limits import GITHUB, Limits
from simulator.workflow.loader import Loaded, parse_workflow
from tests.conformance.forms import workflow_form

FORMS = Path(__file__).parent / "forms"
FILES = sorted(FORMS.glob("*.yml"))


def limits_of(text: str) -> Limits:
    first = text.partition("\n")[0]
    if not first.startswith("# limits: "):
        return GITHUB
    pairs = (pair.split("=") for pair in first.removeprefix("# limits: ").split())
    return replace(GITHUB, **{name: int(number) for name, number in pairs})


def called(reference: str) -> bytes | None:
    path = FORMS / "called" / reference.partition("@")[0].rpartition("/")[2]
    return path.read_bytes() if path.is_file() else None


def problem(item: Diagnostic) -> str:
    shown = f" (shown at {item.shown_at})" if item.shown_at else ""
    hint = f"; {item.hint}" if item.hint else ""
    return f"{item.span}{shown}: {item.severity}: {item.message} [{item.code}]{hint}"


def outcome(path: Path) -> dict[str, object]:
    limits = limits_of(path.read_text(encoding="utf-8"))

    def load(text: str | bytes, name: str) -> Loaded:
        return parse_workflow(text, name, limits)

    loaded = load(path.read_bytes(), path.name)
    if loaded.workflow is None:
        return {"problems": [problem(item) for item in loaded.diagnostics]}
    calls = load_calls(loaded.workflow, called, limits=limits, load=load, used=loaded.size)
    problems = [problem(item) for item in (*loaded.diagnostics, *calls.diagnostics)]
    return {**({"problems": problems} if problems else {}), **workflow_form(loaded.workflow, calls.calls)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_form(path: Path, update_cases: bool) -> None:
    expected = path.with_suffix(".json")
    text = json.dumps(outcome(path), indent=1, ensure_ascii=False) + "\n"
    if update_cases:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_every_expectation_has_its_case() -> None:
    assert {path.stem for path in FORMS.glob("*.json")} == {path.stem for path in FILES}

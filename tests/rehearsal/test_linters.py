"""How the output of other linters is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.diagnostics import Severity
from simulator.errors import ProcessError
from simulator.rehearsal.linters.actionlint import parse_json
from simulator.rehearsal.linters.registry import lint
from simulator.rehearsal.linters.zizmor import parse_sarif


def test_actionlint() -> None:
    output = json.dumps(
        [
            {
                "message": 'property "x" is not defined in object type {}',
                "filepath": ".github/workflows/a.yml",
                "line": 7,
                "column": 12,
                "kind": "expression",
                "snippet": "...",
                "end_column": 20,
            }
        ]
    )
    [found] = parse_json(output)
    assert str(found) == (
        '.github/workflows/a.yml:7:12: error: property "x" is not defined in object type {} [actionlint/expression]'
    )
    assert parse_json("") == parse_json("null") == ()


def test_levels_of_sarif() -> None:
    def result(level: str) -> dict[str, object]:
        place = {"physicalLocation": {"artifactLocation": {"uri": "a.yml"}, "region": {"startLine": 3}}}
        return {"ruleId": "zizmor/x", "level": level, "message": {"text": "m"}, "locations": [place]}

    found = parse_sarif(json.dumps({"runs": [{"results": [result("error"), result("warning"), result("note")]}]}))
    assert [item.severity for item in found] == [Severity.ERROR, Severity.WARNING, Severity.NOTICE]
    assert {item.code for item in found} == {"zizmor/x"}


@pytest.mark.parametrize("name", ["zizmor", "actionlint"])
def test_a_linter_that_fails_is_no_finding(name: str, tmp_path: Path) -> None:
    program = tmp_path / name
    program.write_text("#!/bin/sh\necho 'fatal: out of order' >&2\necho oops\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(ProcessError, match="out of order"):
        list(lint(name, str(program), tmp_path, ["a.yml"]))

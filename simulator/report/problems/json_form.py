"""Problems as one JSON document; its form is versioned, and keys are only ever added."""

from __future__ import annotations

import json
from dataclasses import asdict

from simulator.diagnostics import Diagnostic, Severity
from simulator.positions import Span
from simulator.report.problems.model import Problems

VERSION = 1


def render_json(problems: Problems) -> str:
    """`{"version", "files", "invalid", "problems": [...], "totals": {severity: count}}`."""
    found = problems.diagnostics
    document = {
        "version": VERSION,
        "files": list(problems.files),
        "invalid": list(problems.invalid),
        "problems": [problem_object(each) for each in found],
        "totals": {severity.value: sum(each.severity is severity for each in found) for severity in Severity},
    }
    return json.dumps(document, indent=2)


def problem_object(diagnostic: Diagnostic) -> dict[str, object]:
    """A problem as it stands in JSON; `remedies` are there where there is any."""
    shown: dict[str, object] = {"shown_at": _place(diagnostic.shown_at)} if diagnostic.shown_at else {}
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **_place(diagnostic.span),
        **shown,
        **({"remedies": [asdict(each) for each in diagnostic.remedies]} if diagnostic.remedies else {}),
    }


def _place(span: Span) -> dict[str, object]:
    return {"file": span.file, "line": span.line, "column": span.column}

"""Problems as SARIF 2.1.0 (OASIS), as GitHub's code scanning and editors read it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Final
from urllib.parse import quote

from simulator.diagnostics import Diagnostic, Severity
from simulator.report.problems.model import Problems
from simulator.version import VERSION

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}


def render_sarif(problems: Problems) -> str:
    """One log with one run; file names are relative to the repository's root."""
    codes = list(dict.fromkeys(each.code for each in problems.diagnostics))
    seen: Counter[str] = Counter()
    rules = [_rule(code, problems) for code in codes]
    results = [_result(each, codes.index(each.code), problems, seen) for each in problems.diagnostics]
    driver = {"name": "pysim", "semanticVersion": VERSION, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str, problems: Problems) -> dict[str, object]:
    summary = problems.summaries.get(code)
    return {"id": code, **({"shortDescription": {"text": summary}} if summary else {})}


def _result(diagnostic: Diagnostic, index: int, problems: Problems, seen: Counter[str]) -> dict[str, object]:
    span = diagnostic.span
    text = f"{diagnostic.message}\n{diagnostic.hint}" if diagnostic.hint else diagnostic.message
    place = {
        "artifactLocation": {"uri": quote(span.file)},
        "region": {"startLine": span.line, "startColumn": span.column},
    }
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(diagnostic, problems, seen)},
    }


def _fingerprint(diagnostic: Diagnostic, problems: Problems, seen: Counter[str]) -> str:
    """The same for a problem whose line only moved; equal lines are counted."""
    lines = (problems.read(diagnostic.span.file) or "").split("\n")
    number = diagnostic.span.line
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    digest = hashlib.sha256(f"{diagnostic.code}\0{line}".encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"

"""actionlint's findings, from its JSON output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.diagnostics import Diagnostic, Severity
from simulator.positions import Span
from simulator.rehearsal.linters.model import Linter


def parse_json(output: str) -> Sequence[Diagnostic]:
    """All that it reports is an error, as it has no levels."""
    try:
        return tuple(_diagnostic(each) for each in json.loads(output or "[]") or ())
    except (KeyError, TypeError) as error:
        raise ValueError(f"not its JSON: {error!r}") from error


def _diagnostic(found: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        code=f"actionlint/{found['kind']}",
        severity=Severity.ERROR,
        message=found["message"],
        span=Span(file=found["filepath"], line=found["line"], column=found["column"]),
    )


ACTIONLINT = Linter(
    arguments=("-no-color", "-format", "{{json .}}", "--"),
    parse=parse_json,
    install="see https://github.com/rhysd/actionlint/blob/main/docs/install.md",
)

"""Answers GitHub's conformance cases through the project's public seams: a JSON request a line, an answer a line."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from simulator.diagnostics import Diagnostic, Severity
from simulator.expressions.language import ExpressionError, Scope, Value, Vocabulary, evaluate, kind_of, parse
from simulator.workflow import facts
from simulator.workflow.calls import RESTRICTED, load_calls
from simulator.workflow.limits import Limits
from simulator.workflow.loader import parse_workflow
from simulator.workflow.model import Permissions
from tests.conformance.forms import workflow_form

LIMITS = {
    "max-depth": "depth",
    "max-file-size": "characters",
    "max-job-limit": "jobs",
    "max-result-size": "size",
    "max-nested-reusable-workflows-depth": "nesting",
}


def answer_expression(request: Mapping[str, Any]) -> dict[str, object]:
    """The answer to an expression case: kind and value, or the error."""
    contexts: dict[str, Value] = request.get("contexts") or {}
    try:
        expression = parse(request["expr"], Vocabulary(names=frozenset(contexts)))
        value = evaluate(expression, Scope(contexts=contexts))
    except ExpressionError as error:
        return {"error": {"kind": error.kind, "message": str(error)}}
    return {"kind": kind_of(value), "value": _json(value)}


def _json(value: Value) -> Value:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def answer_workflow(request: Mapping[str, Any]) -> dict[str, object]:
    """The answer to a workflow case: the form of the workflow and of what it calls, or the errors."""
    options = request.get("options") or {}
    limits = Limits(**{own: options[name] for name, own in LIMITS.items() if name in options})
    loaded = parse_workflow(Path(request["path"]).read_bytes(), request["name"], limits)
    if loaded.workflow is None:
        return {"errors": _errors(loaded.diagnostics)}
    if options.get("skip-reusable-workflows"):
        return workflow_form(loaded.workflow, {})
    remotes: Mapping[str, str] = request.get("remotes") or {}

    def resolve(reference: str) -> bytes | None:
        return Path(remotes[reference]).read_bytes() if reference in remotes else None

    default = _write_all() if options.get("permissions-policy") == "Write" else RESTRICTED
    load = partial(parse_workflow, limits=limits)
    called = load_calls(loaded.workflow, resolve, limits=limits, default=default, load=load, used=loaded.size)
    errors = _errors(called.diagnostics)
    return {"errors": errors} if errors else workflow_form(loaded.workflow, called.calls)


def _write_all() -> Permissions:
    return {scope: levels[-1] for scope, levels in facts.permission_scopes().items() if scope != "id-token"}


def _errors(diagnostics: tuple[Diagnostic, ...]) -> list[dict[str, object]]:
    return [_error(item) for item in diagnostics if item.severity is Severity.ERROR]


def _error(item: Diagnostic) -> dict[str, object]:
    shown = item.shown_at or item.span
    message = item.message
    if shown.file != item.span.file:
        message = f"Error from called workflow {item.span.file} {_place(item)}: {message}"
    return {"message": message, "line": shown.line, "col": shown.column}


def _place(item: Diagnostic) -> str:
    return f"(Line: {item.span.line}, Col: {item.span.column})"


MODES = {"expr": answer_expression, "workflow": answer_workflow}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in MODES:
        sys.stderr.write(f"{' '.join(arguments)}: not supported; known: {', '.join(MODES)}\n")
        return 2
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.write(json.dumps({"id": request.get("id"), **MODES[arguments[0]](request)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

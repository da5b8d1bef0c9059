"""Answers GitHub's conformance cases through the project's public seams: a JSON request a line, an answer a line."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from simulator.expressions.language import ExpressionError, Scope, Value, Vocabulary, evaluate, kind_of, parse


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


MODES = {"expr": answer_expression}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in MODES:
        sys.stderr.write(f"{' '.join(arguments)}: not supported yet; known: {', '.join(MODES)}\n")
        return 2
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.write(json.dumps({"id": request.get("id"), **MODES[arguments[0]](request)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

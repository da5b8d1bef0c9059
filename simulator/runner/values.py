"""Keys whose value must be a boolean or a number, as GitHub takes them: text is not converted."""

from __future__ import annotations

import math

from simulator.expressions.language import ExpressionError, Scope, Value, evaluate_template, to_number, to_text
from simulator.workflow.model import Text


def boolean(text: Text, scope: Scope) -> bool:
    """True or false. Raises ExpressionError for any other value."""
    if text.template.is_literal:
        return text.source.strip().lower() == "true"
    value = evaluate_template(text.template, scope)
    if not isinstance(value, bool):
        raise _unexpected(value)
    return value


def number(text: Text, scope: Scope) -> float:
    """A number. Raises ExpressionError for any other value."""
    if text.template.is_literal:
        return to_number(text.source)
    value = evaluate_template(text.template, scope)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(value)
    return float(value)


def minutes(text: Text, scope: Scope) -> int:
    """Whole minutes, at least 0. Raises ExpressionError for what is no number."""
    value = number(text, scope)
    if not math.isfinite(value):
        raise _unexpected(value)
    return max(0, int(value))


def _unexpected(value: Value) -> ExpressionError:
    return ExpressionError(f"Unexpected value '{to_text(value)}'")

"""Why a condition does not hold: the part of it that decides, with the values that it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.expressions.evaluation import Scope, evaluate
from simulator.expressions.printing import to_source
from simulator.expressions.syntax import Call, Comparison, Expression, Literal, Logical, Node, Not
from simulator.expressions.values import Value, is_primitive, to_text, truthy

_LONGEST: Final = 80  # characters of a value, and of a part


def why_false(expression: Expression, scope: Scope) -> str:
    """What makes an expression false: of a chain of `&&` the first part that is, of a chain of `||` all.

    A part has the values that it compares: `github.ref == 'refs/heads/main' is false ('refs/tags/v1' against
    'refs/heads/main')`. Raises ExpressionError where it cannot be evaluated.
    """
    return " and ".join(dict.fromkeys(_parts(expression.root, scope, holds=False)))


def _parts(node: Node, scope: Scope, *, holds: bool) -> Iterator[str]:
    """The parts by which `node` is what it is, true or false."""
    if isinstance(node, Not):
        yield from _parts(node.operand, scope, holds=not holds)
        return
    if not isinstance(node, Logical):
        yield _said(node, scope, holds=holds)
        return
    one_is_enough = (node.operator == "||") is holds
    for part in node.operands:  # as in the evaluation, nothing behind the one that decides
        if truthy(_of(part, scope)) is holds:
            yield from _parts(part, scope, holds=holds)
            if one_is_enough:
                return


def _said(node: Node, scope: Scope, *, holds: bool) -> str:
    said = f"{_cut(to_source(Expression('', node)))} is {'true' if holds else 'false'}"
    match node:
        case Comparison(left=left, right=right):
            return f"{said} ({_shown(_of(left, scope))} against {_shown(_of(right, scope))})"
        case Call(arguments=arguments) if any(not isinstance(each, Literal) for each in arguments):
            values = ", ".join(_shown(_of(each, scope)) for each in arguments)
            return f"{said} (with {values})"
        case Call() | Literal():
            return said
        case _:
            return f"{_cut(to_source(Expression('', node)))} is {_shown(_of(node, scope))}"


def _of(node: Node, scope: Scope) -> Value:
    return evaluate(Expression("", node), scope)


def _shown(value: Value) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"'{_cut(value)}'"
    return to_text(value) if is_primitive(value) else f"an {to_text(value).lower()}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

"""Evaluation of expressions and templates in a scope. Knows no file and no run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from simulator.expressions.errors import ExpressionError
from simulator.expressions.functions import FUNCTIONS
from simulator.expressions.syntax import (
    Call,
    Comparison,
    Expression,
    Filter,
    Index,
    Literal,
    Logical,
    Name,
    Node,
    Not,
    Template,
)
from simulator.expressions.values import (
    Value,
    equals,
    is_array,
    is_primitive,
    less,
    lookup,
    to_number,
    to_text,
    truthy,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees: contexts by name, and functions beside the language's own, called with their arguments.

    Names are in any spelling; a context that is not there is null.
    """

    contexts: Mapping[str, Value] = field(default_factory=dict)
    functions: Mapping[str, Callable[[Sequence[Value]], Value]] = field(default_factory=dict)


class FilteredArray(tuple[Value, ...]):
    """What `.*` gives: an array whose later links apply to each of its items."""

    __slots__ = ()


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of `expression`; raises ExpressionError of kind "evaluation"."""
    try:
        return _value(expression.root, scope)
    except ExpressionError as error:
        if error.source is None:
            raise error.within(expression.source) from None
        raise


def evaluate_template(template: Template, scope: Scope) -> Value:
    """The value of `template`: typed when it is one expression and nothing else, else text."""
    if len(template.parts) == 1 and isinstance(part := template.parts[0], Expression):
        return evaluate(part, scope)
    return render(template, scope)


def render(template: Template, scope: Scope) -> str:
    """The text of `template`."""
    return "".join(part if isinstance(part, str) else to_text(evaluate(part, scope)) for part in template.parts)


def _value(node: Node, scope: Scope) -> Value:
    value: Value
    match node:
        case Literal():
            value = node.value
        case Name():
            value = lookup(scope.contexts, node.name)[1]
        case Call():
            value = _call(node, scope)
        case Index():
            value = _item(_value(node.target, scope), _value(node.key, scope))
        case Filter():
            value = FilteredArray(_items(_value(node.target, scope)))
        case Not():
            value = not truthy(_value(node.operand, scope))
        case Comparison():
            value = _compare(node, _value(node.left, scope), _value(node.right, scope))
        case Logical():
            value = _logical(node, scope)
        case _:
            assert_never(node)
    return value


def _logical(node: Logical, scope: Scope) -> Value:
    value: Value = None
    for operand in node.operands:
        value = _value(operand, scope)
        if truthy(value) is (node.operator == "||"):
            break
    return value


def _compare(node: Comparison, left: Value, right: Value) -> bool:
    match node.operator:
        case "==":
            return equals(left, right)
        case "!=":
            return not equals(left, right)
        case "<":
            return less(left, right)
        case "<=":
            return less(left, right) or equals(left, right)
        case ">":
            return less(right, left)
        case ">=":
            return less(right, left) or equals(left, right)


def _call(node: Call, scope: Scope) -> Value:
    if node.name == "case":
        return _case(node.arguments, scope)
    arguments = [_value(argument, scope) for argument in node.arguments]
    builtin = FUNCTIONS.get(node.name)
    if builtin is not None and builtin.call is not None:
        return builtin.call(arguments)
    for name, function in scope.functions.items():
        if name.lower() == node.name:
            return function(arguments)
    raise ExpressionError(f"The function '{node.name}' is not available here")


def _case(arguments: Sequence[Node], scope: Scope) -> Value:
    for predicate, result in zip(arguments[:-1:2], arguments[1::2], strict=True):
        value = _value(predicate, scope)
        if not isinstance(value, bool):
            raise ExpressionError("case predicate must evaluate to a boolean value")
        if value:
            return _value(result, scope)
    return _value(arguments[-1], scope)


def _items(target: Value) -> Iterable[Value]:
    if isinstance(target, FilteredArray):
        return (item for inner in target for item in _members(inner))
    return _members(target)


def _members(target: Value) -> Iterable[Value]:
    if isinstance(target, Mapping):
        return target.values()
    return target if is_array(target) else ()


def _item(target: Value, key: Value) -> Value:
    if isinstance(target, FilteredArray):
        found = (_member(inner, key) for inner in target)
        return FilteredArray(value for there, value in found if there)
    return _member(target, key)[1]


def _member(target: Value, key: Value) -> tuple[bool, Value]:
    if isinstance(target, Mapping):
        return lookup(target, to_text(key)) if is_primitive(key) else (False, None)
    if not is_array(target):
        return False, None
    number = to_number(key)
    if not math.isfinite(number) or not 0 <= number < len(target):
        return False, None
    return True, target[math.floor(number)]

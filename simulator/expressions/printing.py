"""From a syntax tree back to text: one canonical spelling for all that mean the same. Knows no template."""

from __future__ import annotations

import math
import re
from typing import Final, assert_never

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
)

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PRECEDENCE: Final = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4}
_NOT, _LINK = 5, 6


def to_source(expression: Expression) -> str:
    """The text of an expression: spaces around operators, parentheses where they are needed, `.name` for `['name']`.

    Parsing it gives the same tree again, places apart.
    """
    return _text(expression.root)


def _text(node: Node) -> str:
    match node:
        case Literal():
            text = _literal(node)
        case Name():
            text = node.name
        case Call():
            name = FUNCTIONS[node.name].name if node.name in FUNCTIONS else node.name
            text = f"{name}({', '.join(map(_text, node.arguments))})"
        case Index():
            text = _target(node.target) + _key(node.key)
        case Filter():
            text = f"{_target(node.target)}.*"
        case Not():
            text = f"!{_within(node.operand, _NOT)}"
        case Comparison():
            own = _PRECEDENCE[node.operator]
            text = f"{_within(node.left, own)} {node.operator} {_within(node.right, own + 1)}"
        case Logical():
            own = _PRECEDENCE[node.operator]
            first, *rest = node.operands
            text = f" {node.operator} ".join([_within(first, own), *(_within(each, own + 1) for each in rest)])
        case _:
            assert_never(node)
    return text


def _within(node: Node, least: int) -> str:
    """The text of an operand, in parentheses when it binds less tightly than `least`."""
    own = _LINK
    if isinstance(node, Comparison | Logical):
        own = _PRECEDENCE[node.operator]
    elif isinstance(node, Not):
        own = _NOT
    return _text(node) if own >= least else f"({_text(node)})"


def _target(node: Node) -> str:
    """The text of what a link follows: a literal is no such thing without parentheses."""
    return f"({_text(node)})" if isinstance(node, Literal) else _within(node, _LINK)


def _key(node: Node) -> str:
    if isinstance(node, Literal) and isinstance(node.value, str) and _IDENTIFIER.fullmatch(node.value):
        return f".{node.value}"
    return f"[{_text(node)}]"


def _literal(node: Literal) -> str:
    value = node.value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if math.isfinite(value):
        return repr(float(value)).removesuffix(".0")
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

"""The public face of the expression language: parse, inspect, print, evaluate.

`Value` is null, a boolean, a number, text, a sequence or a mapping; mappings are looked up ignoring case (but for an
`ExactMapping`), and sequences and mappings are compared by identity. Parsing needs a `Vocabulary` (what may be used
here), evaluation a `Scope` (what it is worth now). `ExpressionError` carries GitHub's own text for what is wrong.
"""

from __future__ import annotations

from simulator.expressions.errors import ExpressionError
from simulator.expressions.evaluation import Scope, evaluate, evaluate_template, render
from simulator.expressions.explaining import why_false
from simulator.expressions.functions import FUNCTIONS, from_json, to_json
from simulator.expressions.parser import MAX_LENGTH, parse
from simulator.expressions.printing import to_source
from simulator.expressions.syntax import Expression, Template, Vocabulary
from simulator.expressions.templates import format_call, parse_condition, parse_template
from simulator.expressions.values import ExactMapping, Kind, Value, kind_of, to_number, to_text, truthy

BUILTIN_FUNCTIONS = tuple(builtin.name for builtin in FUNCTIONS.values())
"""The names of the functions that every expression may call."""

__all__ = [
    "BUILTIN_FUNCTIONS",
    "MAX_LENGTH",
    "ExactMapping",
    "Expression",
    "ExpressionError",
    "Kind",
    "Scope",
    "Template",
    "Value",
    "Vocabulary",
    "evaluate",
    "evaluate_template",
    "format_call",
    "from_json",
    "kind_of",
    "parse",
    "parse_condition",
    "parse_template",
    "render",
    "to_json",
    "to_number",
    "to_source",
    "to_text",
    "truthy",
    "why_false",
]

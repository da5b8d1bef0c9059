"""The functions that every expression may call. Knows no context and no run.

A function is one entry of `_BUILTINS`; those of a place in a workflow (`hashFiles`, `success`, ...) come in through a
vocabulary and a scope.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from simulator.expressions.errors import ExpressionError
from simulator.expressions.values import Value, equals, fold, is_array, is_primitive, to_text

MOST_ARGUMENTS = 255
MOST_CHARACTERS = 5 * 1024 * 1024  # GitHub's quota is 10 MiB of UTF-16 text
MOST_NESTED = 100

Function: TypeAlias = Callable[[Sequence[Value]], Value]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function with the least and the most arguments; `call` is None for `case`, which the evaluator carries out."""

    name: str
    least: int
    most: int
    call: Function | None


def _contains(arguments: Sequence[Value]) -> Value:
    where, what = arguments
    if is_primitive(where):
        return is_primitive(what) and fold(to_text(what)) in fold(to_text(where))
    return is_array(where) and any(equals(item, what) for item in where)


def _starts_with(arguments: Sequence[Value]) -> Value:
    text, start = arguments
    return is_primitive(text) and is_primitive(start) and fold(to_text(text)).startswith(fold(to_text(start)))


def _ends_with(arguments: Sequence[Value]) -> Value:
    text, end = arguments
    return is_primitive(text) and is_primitive(end) and fold(to_text(text)).endswith(fold(to_text(end)))


def _join(arguments: Sequence[Value]) -> Value:
    items = arguments[0]
    separator = to_text(arguments[1]) if len(arguments) > 1 and is_primitive(arguments[1]) else ","
    if not is_array(items):
        return to_text(items) if is_primitive(items) else ""
    texts = [to_text(item) for item in items]
    _check_size(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _check_size(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise ExpressionError("The maximum allowed memory size was exceeded")


_FORMAT_PART = re.compile(r"\{\{|\}\}|\{([0-9]+)\}|[{}]|[^{}]+")


def _format(arguments: Sequence[Value]) -> Value:
    pattern = to_text(arguments[0])
    parts: list[str] = []
    size = 0
    for part in _format_parts(pattern, arguments[1:]):
        parts.append(part)
        size += len(part)
        _check_size(size)
    return "".join(parts)


def _format_parts(pattern: str, arguments: Sequence[Value]) -> Iterator[str]:
    for match in _FORMAT_PART.finditer(pattern):
        part, digits = match[0], match[1]
        if digits is not None:
            if len(digits) > 9 or int(digits) >= len(arguments):
                raise ExpressionError(
                    f"The following format string references more arguments than were supplied: {pattern}"
                )
            yield to_text(arguments[int(digits)])
        elif part in {"{", "}"}:
            raise ExpressionError(f"The following format string is invalid: {pattern}")
        else:
            yield {"{{": "{", "}}": "}"}.get(part, part)


def to_json(value: Value) -> str:
    """`value` as GitHub's toJSON writes it: two spaces a level, keys in order; ExpressionError when it is too large."""
    parts: list[str] = []
    size = 0
    for part in _json_parts(value, "\n"):
        parts.append(part)
        size += len(part)
        _check_size(size)
    return "".join(parts)


def _json_parts(value: Value, indent: str) -> Iterator[str]:
    if value is None:
        yield "null"
    elif isinstance(value, str):
        yield json.dumps(value, ensure_ascii=False)
    elif is_primitive(value):
        yield to_text(value)
    elif isinstance(value, Mapping):
        pairs = [(json.dumps(key, ensure_ascii=False) + ": ", item) for key, item in value.items()]
        yield from _json_collection("{", pairs, "}", indent)
    elif is_array(value):
        yield from _json_collection("[", [("", item) for item in value], "]", indent)


def _json_collection(start: str, items: Sequence[tuple[str, Value]], end: str, indent: str) -> Iterator[str]:
    inner = indent + "  "
    separator = start
    for label, item in items:
        yield separator + inner + label
        yield from _json_parts(item, inner)
        separator = ","
    yield indent + end if items else start + end


def from_json(text: str) -> Value:
    """The value that JSON `text` holds; ExpressionError when it is none."""
    if not text.strip():
        raise ExpressionError("Error from function 'fromJSON': empty input")
    _check_nesting(text)
    try:
        value: Value = json.loads(text, parse_int=_number, parse_float=float, parse_constant=_no_constant)
    except ValueError as error:
        raise ExpressionError(f"Error parsing fromJson: {error}") from None
    return value


def _check_nesting(text: str) -> None:
    depth = deepest = 0
    for char in re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL):
        depth += (char in "[{") - (char in "]}")
        deepest = max(deepest, depth)
    if deepest > MOST_NESTED:
        raise ExpressionError(f"Error parsing fromJson: nested more than {MOST_NESTED} levels deep")


def _number(digits: str) -> float | int:
    number = float(digits)
    return int(number) if abs(number) < 1 << 53 and (number or math.copysign(1, number) > 0) else number


def _no_constant(name: str) -> Value:
    raise ValueError(f"{name} is no JSON value")


_BUILTINS = (
    Builtin("case", 3, MOST_ARGUMENTS, None),
    Builtin("contains", 2, 2, _contains),
    Builtin("endsWith", 2, 2, _ends_with),
    Builtin("format", 1, MOST_ARGUMENTS, _format),
    Builtin("fromJSON", 1, 1, lambda arguments: from_json(to_text(arguments[0]))),
    Builtin("join", 1, 2, _join),
    Builtin("startsWith", 2, 2, _starts_with),
    Builtin("toJSON", 1, 1, lambda arguments: to_json(arguments[0])),
)
FUNCTIONS: Mapping[str, Builtin] = {builtin.name.lower(): builtin for builtin in _BUILTINS}

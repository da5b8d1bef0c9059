"""The values of the expression language: kinds, coercions, comparison. Knows no syntax.

Follows GitHub's C# implementation where its implementations differ (32-bit hexadecimal, .NET number formatting).
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeGuard, Union

Value: TypeAlias = Union[bool, int, float, str, Sequence["Value"], Mapping[str, "Value"], None]  # noqa: UP007 - the names in it are forward references

# .NET's Char.IsWhiteSpace; Python's own set has U+001C to U+001F on top.
WHITESPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INFINITIES = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}


class ExactMapping(dict[str, Value]):
    """A mapping whose keys are looked up as they are written: the `env` context of a runner that is not Windows."""


class Kind(enum.StrEnum):
    """The kind of a value, in GitHub's words."""

    NULL = "Null"
    BOOLEAN = "Boolean"
    NUMBER = "Number"
    STRING = "String"
    ARRAY = "Array"
    OBJECT = "Object"


def kind_of(value: Value) -> Kind:
    """The kind of `value`."""
    if isinstance(value, str):
        return Kind.STRING
    if value is None:
        return Kind.NULL
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, int | float):
        return Kind.NUMBER
    return Kind.OBJECT if isinstance(value, Mapping) else Kind.ARRAY


def is_array(value: Value) -> TypeGuard[Sequence[Value]]:
    """Whether `value` is an array."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def is_primitive(value: Value) -> TypeGuard[bool | int | float | str | None]:
    """Whether `value` is neither array nor object."""
    return value is None or isinstance(value, str | bool | int | float)


def truthy(value: Value) -> bool:
    """False for null, false, 0, NaN and the empty string, true for all else, empty collections too."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value) if is_primitive(value) else True


def to_text(value: Value) -> str:
    """The string that `value` is coerced to."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _text_of_number(float(value))
    return "Object" if isinstance(value, Mapping) else "Array"


def _text_of_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return format(value + 0.0, ".15G")  # -0.0 + 0.0 is 0.0


def to_number(value: Value) -> float:
    """The number that `value` is coerced to; NaN where there is none."""
    if isinstance(value, str):
        return number_of_text(value)
    if value is None:
        return 0.0
    return float(value) if isinstance(value, bool | int | float) else math.nan


def number_of_text(text: str) -> float:
    """The number that `text` spells, 0 for blank text, NaN for anything else."""
    text = text.strip(WHITESPACE)
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return _signed_32_bit(text[2:], 16)
    if re.fullmatch(r"0o[0-7]+", text):
        return _signed_32_bit(text[2:], 8)
    return _INFINITIES.get(text, math.nan)


def _signed_32_bit(digits: str, base: int) -> float:
    significant = digits.lstrip("0")
    if len(significant) > 11 or (number := int(significant or "0", base)) >= 1 << 32:
        return math.nan
    return float(number - (1 << 32) if number >= 1 << 31 else number)


def fold(text: str) -> str:
    """`text` upper-cased one character at a time, as comparison ignores case.

    A character outside ASCII whose capital is in ASCII stays what it is: .NET's ordinal casing has it so.
    """
    return text.upper() if text.isascii() else "".join(map(_fold_character, text))


def _fold_character(char: str) -> str:
    upper = char.upper()
    return upper if len(upper) == 1 and (char.isascii() or not upper.isascii()) else char


def _order(text: str) -> bytes:
    return fold(text).encode("utf-16-be", "surrogatepass")


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Both sides as two values of one kind where the language coerces them, else as they are."""
    if kind_of(left) is kind_of(right) or not (is_primitive(left) and is_primitive(right)):
        return left, right
    return to_number(left), to_number(right)


def equals(left: Value, right: Value) -> bool:
    """`left == right`: case ignored, coerced to numbers when the kinds differ, collections by identity."""
    left, right = _alike(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right or fold(left) == fold(right)
    if is_primitive(left) and is_primitive(right):
        return left == right
    return left is right


def less(left: Value, right: Value) -> bool:
    """`left < right`; false where NaN or a collection takes part."""
    left, right = _alike(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return _order(left) < _order(right)
    if isinstance(left, bool | int | float) and isinstance(right, bool | int | float):
        return left < right
    return False


def lookup(mapping: Mapping[str, Value], key: str) -> tuple[bool, Value]:
    """Whether `mapping` has `key`, and its value (None without one); case is ignored unless it is an `ExactMapping`."""
    if key in mapping:
        return True, mapping[key]
    if isinstance(mapping, ExactMapping):
        return False, None
    wanted = fold(key)
    for name, value in mapping.items():
        if fold(name) == wanted:
            return True, value
    return False, None

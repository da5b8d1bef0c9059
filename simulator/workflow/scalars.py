"""What a plain scalar means: the core schema of YAML 1.2, as GitHub reads it.

Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import math
import re

from simulator.workflow.nodes import Resolved

STR, NULL, BOOL, INT, FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("str", "null", "bool", "int", "float"))

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"(?P<decimal>[-+]?[0-9]+)|0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_EXACT_DIGITS = 15


def resolve(text: str) -> Resolved:
    """The value of a plain scalar without a tag."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "-+.0123456789":
        return text
    number = _number(text)
    return text if number is None else number


def resolve_tagged(text: str, tag: str) -> tuple[bool, Resolved]:
    """Whether a plain scalar fits `tag` (one of this module's, not STR), and its value then."""
    if tag == NULL:
        return text in _NULLS, None
    if tag == BOOL:
        return text in _BOOLEANS, _BOOLEANS.get(text)
    number = _integer(text) if tag == INT else _number(text)
    return number is not None, number


def _number(text: str) -> int | float | None:
    number = _integer(text)
    return _float(text) if number is None else number


def _integer(text: str) -> int | float | None:
    match = _INT.fullmatch(text)
    if match is None:
        return None
    if match["octal"] or match["hex"]:
        number = int(match["octal"] or match["hex"], 8 if match["octal"] else 16)
        return number if len(text) <= _EXACT_DIGITS else _as_float(number)
    return int(text) if len(text) <= _EXACT_DIGITS else float(text)


def _as_float(number: int) -> float:
    return float(number) if number.bit_length() < 1024 else math.inf


def _float(text: str) -> float | None:
    if _FLOAT.fullmatch(text):
        return float(text)
    if (special := _SPECIAL.fullmatch(text)) is None:
        return None
    if special["sign"] is None:
        return math.nan
    return -math.inf if special["sign"] == "-" else math.inf

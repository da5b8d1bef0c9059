"""The rules of the language, one line each in cases/*.cases: `expression => result` or `=> phase: text`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.expressions.language import ExpressionError, Scope, Value, Vocabulary, evaluate, parse

CASES = Path(__file__).parent / "cases"
PHASES = ("lexing", "parsing", "evaluation")


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.cases")):
        contexts: dict[str, Value] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if line.startswith("contexts: "):
                contexts = json.loads(line.removeprefix("contexts: "))
            elif " => " in line and not line.startswith("#"):
                source, _, expected = line.partition(" => ")
                yield pytest.param(source, expected, contexts, id=f"{path.stem}:{number}")


def plain(value: Value) -> object:
    """`value` with tuples as lists, so that it compares with what JSON gives."""
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def same(value: object, expected: object) -> bool:
    if isinstance(value, float) and isinstance(expected, float) and math.isnan(value):
        return math.isnan(expected)
    return value == expected and isinstance(value, bool) is isinstance(expected, bool)


@pytest.mark.parametrize(("source", "expected", "contexts"), list(cases()))
def test_case(source: str, expected: str, contexts: dict[str, Value]) -> None:
    vocabulary = Vocabulary(names=frozenset(contexts))
    phase, colon, text = expected.partition(": ")
    if colon and phase in PHASES:
        with pytest.raises(ExpressionError) as raised:
            evaluate(parse(source, vocabulary), Scope(contexts=contexts))
        assert raised.value.kind == phase
        if phase == "evaluation":
            assert str(raised.value).startswith(text)
            assert str(raised.value).endswith(f". Located within expression: {source}")
        else:
            assert str(raised.value) == text
    else:
        value = plain(evaluate(parse(source, vocabulary), Scope(contexts=contexts)))
        assert same(value, json.loads(expected)), value

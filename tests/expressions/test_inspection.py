"""What can be learnt of an expression without evaluating it, and the helpers that others coerce with."""

from __future__ import annotations

import math

import pytest

from simulator.expressions.language import (
    Kind,
    Value,
    Vocabulary,
    from_json,
    kind_of,
    parse,
    to_json,
    to_number,
    to_text,
    truthy,
)

VOCABULARY = Vocabulary(names=frozenset({"GitHub", "needs", "matrix"}), functions={"hashFiles": (1, 255)})


@pytest.mark.parametrize(
    ("source", "references"),
    [
        ("1 == 'needs.build'", ()),
        ("github", (("github",),)),
        ("GITHUB.Ref", (("github", "Ref"),)),
        ("needs.build.result", (("needs", "build", "result"),)),
        ("needs['build'].outputs['a.b']", (("needs", "build", "outputs", "a.b"),)),
        ("needs.*.result", (("needs",),)),
        ("needs.build.*.x", (("needs", "build"),)),
        ("needs[matrix.job].result", (("needs",), ("matrix", "job"))),
        ("matrix.list[0]", (("matrix", "list"),)),
        ("fromJSON(needs.a.outputs.m).b", (("needs", "a", "outputs", "m"),)),
        ("!github.a && (github.b || github.a)", (("github", "a"), ("github", "b"))),
    ],
)
def test_references(source: str, references: tuple[tuple[str, ...], ...]) -> None:
    assert parse(source, VOCABULARY).references() == references


def test_calls() -> None:
    assert parse("contains(toJSON(needs[HASHFILES('a')]), 'success()')", VOCABULARY).calls() == {
        "contains",
        "tojson",
        "hashfiles",
    }
    assert parse("github.success", VOCABULARY).calls() == frozenset()


@pytest.mark.parametrize(
    ("value", "kind", "text", "number", "true"),
    [
        (None, Kind.NULL, "", 0, False),
        (True, Kind.BOOLEAN, "true", 1, True),
        (False, Kind.BOOLEAN, "false", 0, False),
        (3, Kind.NUMBER, "3", 3, True),
        (0.0, Kind.NUMBER, "0", 0, False),
        (2.50, Kind.NUMBER, "2.5", 2.5, True),
        ("", Kind.STRING, "", 0, False),
        ("0", Kind.STRING, "0", 0, True),
        ("\t4\u00a0", Kind.STRING, "\t4\u00a0", 4, True),
        ((), Kind.ARRAY, "Array", math.nan, True),
        ({}, Kind.OBJECT, "Object", math.nan, True),
    ],
)
def test_coercions(value: Value, kind: Kind, text: str, number: float, true: bool) -> None:
    assert kind_of(value) is kind
    assert to_text(value) == text
    assert to_number(value) == pytest.approx(number, nan_ok=True)
    assert truthy(value) is true


def test_nan_is_false() -> None:
    assert truthy(math.nan) is False
    assert to_text(math.nan) == "NaN"


def test_numbers_from_json_are_whole_where_they_can_be() -> None:
    assert from_json("[1, -0, 1.0, 9007199254740993]") == [1, -0.0, 1.0, 9007199254740992.0]
    assert to_json(from_json("[1, 1.0]")) == "[\n  1,\n  1\n]"

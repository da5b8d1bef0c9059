"""Depth and length limits. What is meant to hurt: `tests/escapes/attempts/host/`."""

from __future__ import annotations

import pytest

from simulator.expressions.language import MAX_LENGTH, ExpressionError, Scope, Vocabulary, evaluate, parse

NOTHING = Vocabulary()
NAMES = Vocabulary(names=frozenset({"x"}))
TOO_DEEP = "Exceeded max expression depth 50"


@pytest.mark.parametrize(
    ("deepest", "too_deep"),
    [
        ("!" * 49 + "true", "!" * 50 + "true"),
        ("x" + ".a" * 49, "x" + ".a" * 50),
        ("x" + "[0]" * 49, "x" + "[0]" * 50),
        ("x" + ".*" * 49, "x" + ".*" * 50),
        ("join(" * 49 + "1" + ")" * 49, "join(" * 50 + "1" + ")" * 50),
        ("1" + " == 1" * 49, "1" + " == 1" * 50),
        ("x[" * 49 + "1" + "]" * 49, "x[" * 50 + "1" + "]" * 50),
        (" && ".join(["1"] * 60), " && ".join(["!" * 49 + "1"] * 2)),
        (" || ".join(["1"] * 60), " || ".join(["!" * 49 + "1"] * 2)),
        ("(" * 3000 + "1" + ")" * 3000, "(" * 3000 + "!" * 50 + "1" + ")" * 3000),
    ],
    ids=["not", "property", "index", "filter", "call", "equals", "index inside", "and", "or", "groups"],
)
def test_depth(deepest: str, too_deep: str) -> None:
    evaluate(parse(deepest, NAMES), Scope())
    with pytest.raises(ExpressionError, match=f"^{TOO_DEEP}$") as raised:
        parse(too_deep, NAMES)
    assert raised.value.kind == "parsing"


def test_a_chain_of_two_operators_is_as_deep_as_its_parts() -> None:
    chain = " || ".join(["1 && 0"] * 40)
    assert evaluate(parse(chain, NOTHING), Scope()) == 0


def test_length() -> None:
    text = "'" + "a" * (MAX_LENGTH - 2) + "'"
    assert evaluate(parse(text, NOTHING), Scope()) == "a" * (MAX_LENGTH - 2)
    with pytest.raises(ExpressionError, match=r"^Exceeded max expression length 21000$"):
        parse(text + " ", NOTHING)


def test_brackets_in_a_text_of_json_do_not_nest() -> None:
    brackets = Scope(contexts={"x": '["' + "[" * 1000 + '\\"[["]'})
    assert evaluate(parse("fromJSON(x)[0]", NAMES), brackets) == "[" * 1000 + '"[['

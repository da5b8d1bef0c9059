"""Depth, length and size limits, and text that is meant to hurt."""

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


def test_a_value_cannot_grow_without_end() -> None:
    text = "x"
    for _ in range(8):
        text = f"format('{'{0}' * 20}', {text})"
    with pytest.raises(ExpressionError, match="The maximum allowed memory size was exceeded"):
        evaluate(parse(text, NAMES), Scope(contexts={"x": "0123456789"}))


def test_json_cannot_nest_without_end() -> None:
    scope = Scope(contexts={"x": "[" * 100_000})
    with pytest.raises(ExpressionError, match="nested more than 100 levels deep"):
        evaluate(parse("fromJSON(x)", NAMES), scope)
    brackets = Scope(contexts={"x": '["' + "[" * 1000 + '\\"[["]'})
    assert evaluate(parse("fromJSON(x)[0]", NAMES), brackets) == "[" * 1000 + '"[['


@pytest.mark.parametrize("text", ["(" * 20_000, "!" * 20_000, "[" * 20_000, "a." * 10_000, "'" * 19_999, "1," * 10_000])
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, NOTHING)

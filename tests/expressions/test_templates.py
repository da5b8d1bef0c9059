"""Text with `${{ }}` in it."""

from __future__ import annotations

import pytest

from simulator.expressions.language import (
    ExpressionError,
    Scope,
    Template,
    Value,
    Vocabulary,
    evaluate_template,
    format_call,
    parse_template,
    render,
)

VOCABULARY = Vocabulary(names=frozenset({"github", "matrix"}))
SCOPE = Scope(contexts={"github": {"ref": "v1", "n": 1.5, "t": True}, "matrix": {"os": ["a"]}})


def value_of(text: str) -> Value:
    return evaluate_template(parse_template(text, VOCABULARY), SCOPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("plain $ { { }} text", "plain $ { { }} text"),
        ("${{ github.ref }}", "v1"),
        ("${{github.n}}", 1.5),
        ("${{\n github.t\n}}", True),
        ("${{ matrix.os }}", ["a"]),
        ("${{ github.none }}", None),
        (" ${{ github.n }}", " 1.5"),
        ("${{ github.n }}\n", "1.5\n"),
        ("a ${{ github.none }}b", "a b"),
        ("${{ github.ref }}-${{ matrix.os }}", "v1-Array"),
        ("${{ '}}' }}", "}}"),
        ("${{ 'it''s }}' }}!", "it's }}!"),
        ("${{ '${{' }}", "${{"),
        ("{${{ github.t }}}", "{true}"),
    ],
)
def test_value(text: str, value: Value) -> None:
    assert value_of(text) == value


def test_rendered_is_always_text() -> None:
    assert render(parse_template("${{ github.n }}", VOCABULARY), SCOPE) == "1.5"
    assert render(parse_template("${{ github.none }}", VOCABULARY), SCOPE) == ""


def test_literal() -> None:
    template = parse_template("plain", VOCABULARY)
    assert template == Template("plain", ("plain",))
    assert template.is_literal
    assert not parse_template("a ${{ github.ref }}", VOCABULARY).is_literal


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a ${{ b", "The expression is not closed. An unescaped ${{ sequence was found, but the closing }}", 2),
        ("${{ 'a }}", "The expression is not closed.", 0),
        ("x${{ }}", "An expression was expected", 4),
        (
            "run ${{ github.ref }} and ${{  env.A }}",
            "Unrecognized named-value: 'env'. Located at position 1 within expression: env.A",
            31,
        ),
        ("${{ github.ref @ }}", "Unexpected symbol: '@'. Located at position 12 within expression: github.ref @", 15),
    ],
)
def test_error_and_its_place_in_the_text(text: str, message: str, place: int) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse_template(text, VOCABULARY)
    assert str(raised.value).startswith(message)
    assert raised.value.offset + (raised.value.position or 1) - 1 == place


def test_an_evaluation_error_names_the_expression() -> None:
    with pytest.raises(ExpressionError) as raised:
        value_of("a ${{ fromJSON(github.none) }}")
    assert str(raised.value).endswith(". Located within expression: fromJSON(github.none)")
    assert raised.value.kind == "evaluation"


def test_github_writes_a_template_as_a_call_of_format() -> None:
    template = parse_template("it's {a} ${{ github.ref }}, ${{ matrix.os }}", VOCABULARY)
    assert format_call(template) == "format('it''s {{a}} {0}, {1}', github.ref, matrix.os)"
    assert value_of("${{ " + format_call(template) + " }}") == render(template, SCOPE)

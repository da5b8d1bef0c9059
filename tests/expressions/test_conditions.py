"""`if:` in its effective form."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from simulator.expressions.language import ExpressionError, Scope, Value, Vocabulary, evaluate, parse_condition, truthy

STATUS = {"success": (0, 255), "failure": (0, 255), "always": (0, 0), "cancelled": (0, 0)}
VOCABULARY = Vocabulary(names=frozenset({"github", "inputs"}), functions=STATUS)


@pytest.mark.parametrize(
    ("source", "effective"),
    [
        ("", "success()"),
        ("   ", "success()"),
        ("github.ref == 'a'", "success() && (github.ref == 'a')"),
        ("${{ github.ref == 'a' }}", "success() && (github.ref == 'a')"),
        (" ${{ github.ref }} ", "success() && (github.ref)"),
        ("true", "success() && (true)"),
        ("'always()'", "success() && ('always()')"),
        ("always()", "always()"),
        ("${{ !cancelled() }}", "!cancelled()"),
        ("github.ref && (FAILURE() || inputs.x)", "github.ref && (FAILURE() || inputs.x)"),
        ("contains(inputs[success('build')], 1)", "contains(inputs[success('build')], 1)"),
        ("${{ github.ref }} == 'a'", "success() && (format('{0} == ''a''', github.ref))"),
        ("${{ github.a }} && ${{ always() }}", "format('{0} && {1}', github.a, always())"),
    ],
)
def test_effective_form(source: str, effective: str) -> None:
    assert parse_condition(source, VOCABULARY).source == effective


@pytest.mark.parametrize(
    ("condition", "job_succeeds", "runs"),
    [
        ("", True, True),
        ("", False, False),
        ("inputs.yes", True, True),
        ("inputs.yes", False, False),
        ("inputs.no", True, False),
        ("inputs.yes || inputs.no", False, False),
        ("failure()", False, True),
        ("failure() || inputs.no", True, False),
        ("!inputs.no && always()", False, True),
    ],
)
def test_decision(condition: str, job_succeeds: bool, runs: bool) -> None:
    scope = Scope(
        contexts={"inputs": {"yes": True, "no": False}},
        functions={
            "success": lambda _: job_succeeds,
            "failure": lambda _: not job_succeeds,
            "always": lambda _: True,
        },
    )
    assert truthy(evaluate(parse_condition(condition, VOCABULARY), scope)) is runs


def test_functions_of_the_scope_get_evaluated_arguments() -> None:
    given: list[Sequence[Value]] = []

    def success(arguments: Sequence[Value]) -> Value:
        given.append(arguments)
        return True

    condition = parse_condition("Success('build', github.x)", VOCABULARY)
    assert evaluate(condition, Scope(contexts={"github": {"x": "test"}}, functions={"SUCCESS": success})) is True
    assert given == [["build", "test"]]


def test_a_function_that_the_scope_lacks() -> None:
    with pytest.raises(ExpressionError, match="The function 'always' is not available here"):
        evaluate(parse_condition("always()", VOCABULARY), Scope())


def test_a_function_may_refuse() -> None:
    def refuse(_arguments: Sequence[Value]) -> Value:
        raise ExpressionError("No file matches")

    condition = parse_condition("always()", VOCABULARY)
    with pytest.raises(ExpressionError, match=r"^No file matches\. Located within expression: always\(\)$"):
        evaluate(condition, Scope(functions={"always": refuse}))


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("  env.A", "Unrecognized named-value: 'env'. Located at position 1 within expression: env.A", 2),
        ("${{ always(1) }}", "Too many parameters supplied: 'always'. Located at position 1", 4),
        ("github.ref = 'a'", "Unexpected symbol: '='. Located at position 12", 11),
        ("github.ref ==\n\n  'a' 'b'", "Unexpected symbol: ''b''. Located at position 22", 21),
    ],
)
def test_error_and_its_place(source: str, message: str, place: int) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse_condition(source, VOCABULARY)
    assert str(raised.value).startswith(message)
    assert raised.value.offset + (raised.value.position or 1) - 1 == place

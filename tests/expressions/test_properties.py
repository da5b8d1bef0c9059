"""What holds for every text and every value."""

from __future__ import annotations

import contextlib
import re

from hypothesis import given
from hypothesis import strategies as st

from simulator.expressions.language import (
    ExpressionError,
    Scope,
    Value,
    Vocabulary,
    evaluate,
    from_json,
    parse,
    parse_condition,
    parse_template,
    render,
    to_json,
    to_number,
    to_source,
    to_text,
    truthy,
)
from simulator.expressions.syntax import (
    Call,
    Comparison,
    Expression,
    Filter,
    Index,
    Literal,
    Logical,
    Name,
    Node,
    Not,
    children,
    walk,
)

VOCABULARY = Vocabulary(names=frozenset({"a", "b", "github"}), functions={"success": (0, 0)})
PIECES = [*"()[].,*!<>=&|'{}@ 1", "'x'", "a", "b", "github", ".x", "==", "&&", "||", "toJSON(", "format('{0}',"]

source = st.one_of(st.text(), st.lists(st.sampled_from([*PIECES, "${{", "}}"]), max_size=30).map("".join))
scalar = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e308, 1e308) | st.text()
value: st.SearchStrategy[Value] = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)


@given(source, value, value)
def test_any_text_gives_a_value_or_an_expression_error(text: str, a: Value, b: Value) -> None:
    scope = Scope(contexts={"a": a, "b": b}, functions={"success": lambda _: True})
    for read in (parse, parse_condition):
        with contextlib.suppress(ExpressionError):
            evaluate(read(text, VOCABULARY), scope)
    with contextlib.suppress(ExpressionError):
        render(parse_template(text, VOCABULARY), scope)


@given(source)
def test_the_place_of_an_error_lies_in_the_text(text: str) -> None:
    place = 0
    try:
        parse_template(text, VOCABULARY)
    except ExpressionError as error:
        place = error.offset + (error.position or 1) - 1
    assert 0 <= place <= len(text.encode("utf-16-le")) // 2


@given(st.text().filter(lambda text: "${{" not in text))
def test_text_without_an_expression_stays_as_it_is(text: str) -> None:
    assert render(parse_template(text, VOCABULARY), Scope()) == text


@given(st.text())
def test_a_quoted_string_is_what_was_quoted(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    assert evaluate(parse(quoted, VOCABULARY), Scope()) == text


@given(value, value)
def test_comparisons_agree_with_each_other(a: Value, b: Value) -> None:
    def holds(text: str) -> Value:
        return evaluate(parse(text, VOCABULARY), Scope(contexts={"a": a, "b": b}))

    assert holds("a == b") is holds("b == a")
    assert holds("a != b") is not holds("a == b")
    assert holds("a < b") is holds("b > a")
    assert holds("a <= b") is (holds("a < b") or holds("a == b"))
    assert not (holds("a < b") and holds("b < a"))


@given(value)
def test_json_and_back(a: Value) -> None:
    text = to_json(a)
    assert to_json(from_json(text)) == text


@given(st.floats(min_value=-1e308, max_value=1e308))
def test_a_number_as_text_is_nearly_that_number(number: float) -> None:
    again = to_number(to_text(number))
    assert again == number or abs(again - number) <= abs(number) * 1e-14


@given(value)
def test_not_is_the_opposite_of_truthy(a: Value) -> None:
    assert evaluate(parse("!a", VOCABULARY), Scope(contexts={"a": a})) is not truthy(a)


# Printing


def bare(node: Node) -> str:
    """A tree without the places of its nodes."""
    return re.sub(r"index=\d+", "", repr(node))


def logical(operator: str, operands: list[Node]) -> Node:
    """A chain as the parser makes it: one that begins with a chain of the same operator is one with it."""
    first = operands[0]
    if isinstance(first, Logical) and first.operator == operator:
        return Logical(first.operator, (*first.operands, *operands[1:]))
    return Logical("&&" if operator == "&&" else "||", tuple(operands))


constants: st.SearchStrategy[Node] = st.builds(Literal, st.none() | st.booleans() | st.floats() | st.text())
names: st.SearchStrategy[Node] = st.sampled_from(["a", "b", "GitHub"]).map(lambda name: Name(name, 0))


def larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pairs = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        st.builds(Not, inner),
        st.builds(Filter, inner),
        st.builds(Index, inner, inner | st.from_regex(r"[a-z_][a-z0-9-]{0,3}", fullmatch=True).map(Literal)),
        st.builds(Comparison, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(logical, st.sampled_from(["&&", "||"]), pairs),
        st.builds(Call, st.just("format"), pairs.map(tuple), st.just(0)),
        st.just(Call("success", (), 0)),
    )


nodes = st.recursive(constants | names, larger, max_leaves=12)


@given(nodes)
def test_a_printed_tree_is_read_as_that_tree(node: Node) -> None:
    printed = to_source(Expression("", node))
    assert bare(parse(printed, VOCABULARY).root) == bare(node)


@given(source)
def test_print_and_parse_is_stable(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        expression = parse(text, VOCABULARY)
        printed = to_source(expression)
        again = parse(printed, VOCABULARY)
        assert bare(again.root) == bare(expression.root)
        assert to_source(again) == printed


@given(nodes)
def test_a_walk_meets_every_child(node: Node) -> None:
    assert len(list(walk(node))) == 1 + sum(len(list(walk(child))) for child in children(node))

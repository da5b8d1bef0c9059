"""The canonical spelling of an expression."""

from __future__ import annotations

import pytest

from simulator.expressions.language import Vocabulary, parse, to_source

VOCABULARY = Vocabulary(names=frozenset({"a", "b", "c"}), functions={"hashFiles": (1, 255)})


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("", "null"),
        ("  a&&b  ", "a && b"),
        ("((a))", "a"),
        ("a || (b && c)", "a || b && c"),
        ("(a || b) && c", "(a || b) && c"),
        ("(a && b) && c", "a && b && c"),
        ("a && (b && c)", "a && (b && c)"),
        ("1<(2<3)", "1 < (2 < 3)"),
        ("(1 < 2) < 3", "1 < 2 < 3"),
        ("(1 == 2) < 3", "(1 == 2) < 3"),
        ("!(a == b)", "!(a == b)"),
        ("! ! a", "!!a"),
        ("(!a).b", "(!a).b"),
        ("a['b-c'][ 'd e' ][0][*]", "a.b-c['d e'][0].*"),
        ("('x')[0]", "('x')[0]"),
        ("TOJSON( a )", "toJSON(a)"),
        ("HashFiles('**/x','y')", "hashfiles('**/x', 'y')"),
        ("'it''s'", "'it''s'"),
        ("0x10", "16"),
        ("1.50", "1.5"),
        ("-0", "-0"),
        ("1e30", "1e+30"),
        ("+Infinity", "Infinity"),
        ("-Infinity != NaN", "-Infinity != NaN"),
    ],
)
def test_spelling(source: str, printed: str) -> None:
    assert to_source(parse(source, VOCABULARY)) == printed

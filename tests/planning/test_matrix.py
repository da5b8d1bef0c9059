"""Matrices that are larger than a case file can show: where they stop, and that their filters match as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.expressions.language import Scope, Value
from simulator.planning import matching
from simulator.planning.matrix import MatrixError, expand
from simulator.positions import Span
from simulator.workflow.model import Matrix
from tests.fuzzing import fuzzed

NOTHING = Scope(contexts={})
SCALARS = st.sampled_from(["", "a", "A", "1", "1.0", "0x1", "ß", "NaN", 0, 1, 1.0, True, False, None])
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xXy"), inner, max_size=2)
)


class Counted(str):
    """A text that counts how often it is asked for what it is."""

    __slots__ = ()
    asked = 0

    def upper(self) -> str:
        Counted.asked += 1
        return super().upper()


def matrix(vectors: Mapping[str, Sequence[Value]], include: Any = None, exclude: Any = None) -> Matrix:
    given: Any = {"vectors": {name: tuple(values) for name, values in vectors.items()}}
    given |= {"include": include and tuple(include), "exclude": exclude and tuple(exclude)}
    return Matrix(**given, expression=None, span=Span(file="workflow.yml", line=1, column=1))


@pytest.mark.parametrize(
    ("vectors", "include", "exclude"),
    [
        ({"a": range(257)}, None, None),
        ({"a": range(256)}, [{"x": "y", "a": 999}], None),
        ({f"v{number}": [1, 2] for number in range(4000)}, None, None),
        ({}, [{"a": number} for number in range(257)], None),
        ({"a": range(256), "b": range(256)}, None, [{"a": 1}]),
        ({"a": range(256), "b": range(257)}, None, [{"a": 1}]),
    ],
)
def test_the_257th_job_is_one_too_many(
    vectors: Mapping[str, Sequence[Value]], include: Sequence[Value], exclude: Sequence[Value]
) -> None:
    with pytest.raises(MatrixError, match="more than 256 jobs, and GitHub allows 256"):
        expand(matrix({name: list(values) for name, values in vectors.items()}, include, exclude), NOTHING)


def test_exclude_comes_before_the_limit() -> None:
    given = {"a": list(range(256)), "b": list(range(256))}
    made = expand(matrix(given, exclude=[{"b": number} for number in range(1, 256)]), NOTHING)
    assert len(made) == 256


def test_filters_are_compared_once_with_each_value(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [Counted(f"v{number}") for number in range(200)]
    filters = [{"a": Counted(f"w{number}"), "b": Counted(f"w{number}")} for number in range(200)]
    Counted.asked = 0
    with pytest.raises(MatrixError, match="more than 256 jobs"):
        expand(matrix({"a": values, "b": values}, exclude=filters), NOTHING)
    assert Counted.asked <= 2000


@pytest.mark.parametrize("part", ["include", "exclude"])
def test_objects_of_filters_have_a_bound(part: str) -> None:
    filters: list[Value] = [{"a": {"x": number}} for number in range(3000)]
    given = matrix({"a": list(range(250))}, **{part: filters})
    with pytest.raises(MatrixError, match="than pysim reads"):
        expand(given, NOTHING)


def test_vectors_of_one_value_have_a_bound() -> None:
    given = {"a": list(range(256))} | {f"v{number}": [1] for number in range(5000)}
    with pytest.raises(MatrixError, match="than pysim reads"):
        expand(matrix(given), NOTHING)


@fuzzed
@given(
    st.lists(NESTED, min_size=1, max_size=4),
    st.lists(NESTED, min_size=1, max_size=4),
    st.lists(st.dictionaries(st.sampled_from(["a", "A", "b"]), NESTED, min_size=1), max_size=5),
)
def test_filters_match_as_one_by_one(a: list[Value], b: list[Value], filters: list[dict[str, Value]]) -> None:
    found = matching.Matching(filters, {"a": a, "b": b})
    for first, left in enumerate(a):
        for second, right in enumerate(b):
            bits = found.of((first, second))
            one_by_one = [matching.matches(item, {"a": left, "b": right}) for item in filters]
            assert [bool(bits >> number & 1) for number in range(len(filters))] == one_by_one

"""From `strategy.matrix` to its combinations, as GitHub's own MatrixBuilder makes them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress, product
from typing import Final

from simulator.expressions.language import Kind, Scope, Value, evaluate_template, kind_of, to_text
from simulator.expressions.values import is_array
from simulator.planning.matching import Matching, Names, TooManyFiltersError
from simulator.workflow.model import Matrix, MatrixValue, Text

MAX_JOBS = 256  # of one matrix (GitHub's usage limits)
MAX_NAME = 100
_MOST_CROSSED: Final = MAX_JOBS * MAX_JOBS  # before `exclude`
_MOST_VALUES: Final = 1 << 20  # of all combinations before `exclude`
_TOO_MUCH: Final = "The matrix has more values, or more objects in include and exclude, than pysim reads"
_TOO_MANY: Final = f"The matrix makes more than {MAX_JOBS} jobs, and GitHub allows {MAX_JOBS}"

Values = Mapping[str, Value]


class MatrixError(Exception):
    """A matrix has no combinations that GitHub would take; the text is GitHub's where it has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    """One job of a matrix; `segments` are the scalars that its name shows, those of extras from `include` left out."""

    values: Values
    segments: tuple[str, ...]

    def name(self, job: str) -> str:
        """`job (v1, v2)`, cut to 100 characters as GitHub does."""
        full = f"{job} ({', '.join(self.segments)})" if self.segments else job
        return full if len(full) <= MAX_NAME else f"{full[: MAX_NAME - 3]}..."


def expand(matrix: Matrix, scope: Scope) -> tuple[Combination, ...]:
    """The combinations in GitHub's order: the cross product, last key fastest, then each `include` that matched none.

    `scope` holds github, needs, vars and inputs. Raises MatrixError, and ExpressionError for an expression that fails.
    """
    vectors, include, exclude = _evaluate(matrix, scope)
    names = Names(vectors)
    filters = [_exclude_filter(item, names) for item in exclude]
    extras = [_Include.of(item, names) for item in include]
    jobs = math.prod(map(len, vectors.values()))
    if jobs > (_MOST_CROSSED if filters else MAX_JOBS):
        raise MatrixError(_TOO_MANY)
    if jobs * len(vectors) > _MOST_VALUES:
        raise MatrixError(_TOO_MUCH)
    combinations: list[Combination] = []
    for combination in chain(_crossed(vectors, filters, extras), _unmatched(extras)):
        if len(combinations) == MAX_JOBS:
            raise MatrixError(_TOO_MANY)
        combinations.append(combination)
    if not combinations and not vectors:
        raise MatrixError("Matrix must define at least one vector")
    return tuple(combinations)


# ---- values


def _evaluate(matrix: Matrix, scope: Scope) -> tuple[dict[str, Sequence[Value]], list[Values], list[Values]]:
    """Vectors, `include` and `exclude` as plain values."""
    if matrix.expression is not None:
        whole = _plain(matrix.expression, scope)
        if not isinstance(whole, Mapping):
            raise MatrixError(f"The matrix is to be an object, and the expression gives {_kind(whole)}")
        given = dict(whole)
    else:
        given = {name: _plain(value, scope) for name, value in matrix.vectors.items()}
        lists = {"include": matrix.include, "exclude": matrix.exclude}
        given |= {name: _plain(value, scope) for name, value in lists.items() if value is not None}
    include = _mappings("include", given.pop("include", ()))
    exclude = _mappings("exclude", given.pop("exclude", ()))
    return {name: _vector(name, value) for name, value in given.items()}, include, exclude


def _plain(value: MatrixValue, scope: Scope) -> Value:
    if isinstance(value, Text):
        return evaluate_template(value.template, scope)
    if isinstance(value, Mapping):
        return {name: _plain(item, scope) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_plain(item, scope) for item in value)
    return value


def _vector(name: str, value: Value) -> Sequence[Value]:
    if not is_array(value):
        raise MatrixError(f"Matrix vector '{name}' is to be an array, and is {_kind(value)}")
    if not value:
        raise MatrixError(f"Matrix vector '{name}' does not contain any values")
    return value


def _mappings(name: str, value: Value) -> list[Values]:
    if not is_array(value):
        raise MatrixError(f"Matrix {name} is to be an array, and is {_kind(value)}")
    items = [item for item in value if isinstance(item, Mapping)]
    if len(items) < len(value):
        raise MatrixError(f"Matrix {name} holds something that is no object")
    return items


def _kind(value: Value) -> str:
    return f"{kind_of(value).value.lower()} ({to_text(value)!r})"


# ---- filters


def _exclude_filter(item: Values, names: Names) -> Values:
    if not item:
        raise MatrixError("Matrix exclude filter must not be empty")
    for key in item:
        if names.of(key) is None:
            raise MatrixError(f"Matrix exclude key '{key}' does not match any key within the matrix")
    return item


@dataclass(frozen=True, slots=True)
class _Include:
    """An `include` item: what must match a combination, and what is added to it."""

    filter: Values
    extra: Values
    used: list[bool]

    @classmethod
    def of(cls, item: Values, names: Names) -> _Include:
        if not item:
            raise MatrixError("Matrix include mapping does not contain any values")
        known = {key for key in item if names.of(key) is not None}
        filters = {key: value for key, value in item.items() if key in known}
        return cls(filters, {key: value for key, value in item.items() if key not in known}, [])


# ---- combinations


def _crossed(
    vectors: Mapping[str, Sequence[Value]], exclude: Sequence[Values], include: Sequence[_Include]
) -> Iterator[Combination]:
    if not vectors:
        return
    try:
        excluded = Matching(exclude, vectors)
        included = Matching([item.filter for item in include], vectors)
    except TooManyFiltersError:
        raise MatrixError(_TOO_MUCH) from None
    for places in product(*(range(len(values)) for values in vectors.values())):
        if excluded.of(places):
            continue
        original = {name: values[place] for (name, values), place in zip(vectors.items(), places, strict=True)}
        extra: dict[str, Value] = {}
        matched = included.of(places)
        for item in compress(include, map(int, reversed(f"{matched:b}"))):
            item.used.append(True)
            extra |= item.extra
        yield Combination(values={**original, **extra}, segments=tuple(_segments(original)))


def _unmatched(include: Sequence[_Include]) -> Iterator[Combination]:
    for item in include:
        if not item.used:
            values = {**item.filter, **item.extra}
            yield Combination(values=values, segments=tuple(_segments(values)))


def _segments(value: Value) -> Iterator[str]:
    """The scalars of a value in order, empty text and null left out."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _segments(item)
    elif is_array(value):
        for item in value:
            yield from _segments(item)
    elif kind_of(value) is not Kind.NULL and (text := to_text(value)):
        yield text

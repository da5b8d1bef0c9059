"""From `strategy.matrix` to its combinations, as GitHub's own MatrixBuilder makes them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from simulator.expressions.language import Kind, Scope, Value, evaluate_template, kind_of, to_text
from simulator.expressions.values import equals, is_array, lookup
from simulator.workflow.model import Matrix, MatrixValue, Text

MAX_JOBS = 256  # of one matrix (GitHub's usage limits)
MAX_NAME = 100

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
    if math.prod(map(len, vectors.values())) > MAX_JOBS * MAX_JOBS:
        raise MatrixError(_too_many("far more"))
    filters = [_exclude_filter(item, vectors) for item in exclude]
    extras = [_Include.of(item, vectors) for item in include]
    combinations = [*_crossed(vectors, filters, extras), *_unmatched(extras)]
    if not combinations and not vectors:
        raise MatrixError("Matrix must define at least one vector")
    if len(combinations) > MAX_JOBS:
        raise MatrixError(_too_many(str(len(combinations))))
    return tuple(combinations)


def _too_many(count: str) -> str:
    return f"The matrix makes {count} jobs, and GitHub allows {MAX_JOBS}"


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


def _exclude_filter(item: Values, vectors: Values) -> Values:
    if not item:
        raise MatrixError("Matrix exclude filter must not be empty")
    for key in item:
        if not lookup(vectors, key)[0]:
            raise MatrixError(f"Matrix exclude key '{key}' does not match any key within the matrix")
    return item


@dataclass(frozen=True, slots=True)
class _Include:
    """An `include` item: what must match a combination, and what is added to it."""

    filter: Values
    extra: Values
    used: list[bool]

    @classmethod
    def of(cls, item: Values, vectors: Values) -> _Include:
        if not item:
            raise MatrixError("Matrix include mapping does not contain any values")
        known = {key for key in item if lookup(vectors, key)[0]}
        filters = {key: value for key, value in item.items() if key in known}
        return cls(filters, {key: value for key, value in item.items() if key not in known}, [])


def _matches(wanted: Value, value: Value) -> bool:
    """Whether every leaf of a filter equals, by the expression language, what stands at its place in the value."""
    if isinstance(wanted, Mapping):
        return all(
            _matches(item, lookup(value, key)[1] if isinstance(value, Mapping) else None)
            for key, item in wanted.items()
        )
    if is_array(wanted):
        items = value if is_array(value) else ()
        return all(_matches(item, items[at] if at < len(items) else None) for at, item in enumerate(wanted))
    return equals(value, wanted)


# ---- combinations


def _crossed(
    vectors: Mapping[str, Sequence[Value]], exclude: Sequence[Values], include: Sequence[_Include]
) -> Iterator[Combination]:
    if not vectors:
        return
    for values in product(*vectors.values()):
        original = dict(zip(vectors, values, strict=True))
        if any(_matches(item, original) for item in exclude):
            continue
        extra: dict[str, Value] = {}
        for item in include:
            if _matches(item.filter, original):
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

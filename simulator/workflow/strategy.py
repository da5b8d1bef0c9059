"""Reads `strategy:` of a job, its matrix above all."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from simulator.positions import Located
from simulator.spelling import suggest
from simulator.workflow import nodes
from simulator.workflow.model import Entries, Matrix, MatrixValue, Strategy
from simulator.workflow.reading import Reader, Shape, has_expression, spelled

_AT = "jobs.<job_id>.strategy"
STRATEGY = Shape(("fail-fast", "max-parallel", "matrix"))


def read_strategy(reader: Reader, node: nodes.Node | None) -> Strategy | None:
    """The strategy; None when it is absent."""
    if node is not None and has_expression(node):
        return Strategy(expression=reader.whole(node, _AT, "strategy"))
    fields = reader.fields(node, STRATEGY, _AT, "strategy")
    if not isinstance(node, nodes.Mapping):
        return None
    return Strategy(
        matrix=_matrix(reader, fields.get("matrix")),
        fail_fast=reader.boolean(fields.get("fail-fast"), _AT),
        max_parallel=reader.number(fields.get("max-parallel"), _AT),
    )


def _matrix(reader: Reader, node: nodes.Node | None) -> Matrix | None:
    if node is None:
        return None
    if has_expression(node):
        text = reader.text(node, _AT)
        return Matrix(vectors=Entries(), include=None, exclude=None, expression=text, span=node.span) if text else None
    lists: dict[str, MatrixValue] = {"include": None, "exclude": None}

    def read(name: str, value: nodes.Node) -> MatrixValue:
        if name not in lists:
            return _vector(reader, name, value)
        lists[name] = _filter(reader, value)
        return None

    vectors: Entries[MatrixValue] = reader.read_entries(node, _AT, "matrix", read)
    if isinstance(node, nodes.Mapping) and not (vectors or vectors.computed or lists["include"]):
        reader.error(node.span, "matrix", "Matrix must define at least one vector")
    if isinstance(node, nodes.Mapping) and not _any_expression(node):
        _check_filters(reader, node, vectors)
    made = [entry for entry in node if spelled(entry.key) != "exclude"] if isinstance(node, nodes.Mapping) else []
    numbers = tuple(number for entry in made for number in _numbers(spelled(entry.key), entry.value))
    return Matrix(vectors=vectors, span=node.span, expression=None, numbers=numbers, **lists)


def _numbers(name: str, node: nodes.Node) -> Iterator[tuple[str, Located[float]]]:
    """The numbers with a point below a key of that name."""
    if isinstance(node, nodes.Mapping):
        for entry in node:
            yield from _numbers(spelled(entry.key), entry.value)
    elif isinstance(node, nodes.Sequence):
        for item in node.items:
            yield from _numbers(name, item)
    elif isinstance(node.value, float):
        yield name, Located(node.value, node.span)


def _any_expression(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Mapping):
        return any(has_expression(entry.key) or _any_expression(entry.value) for entry in node)
    return any(map(_any_expression, node.items)) if isinstance(node, nodes.Sequence) else has_expression(node)


def _check_filters(reader: Reader, node: nodes.Mapping, vectors: Collection[str]) -> None:
    """Note what can be told of `include` and `exclude` when nothing in the matrix is to be evaluated."""
    names = {name.lower() for name in vectors}
    for item in _mappings(node.get("include")):
        if not item.entries:
            reader.error(item.span, "matrix", "Matrix include mapping does not contain any values")
    for item in _mappings(node.get("exclude")):
        if not item.entries:
            reader.error(item.span, "matrix", "Matrix exclude filter must not be empty")
        for entry in item:
            if spelled(entry.key).lower() not in names:
                message = f"Matrix exclude key '{spelled(entry.key)}' does not match any key within the matrix"
                reader.error(entry.key.span, "matrix", message, suggest(spelled(entry.key), vectors))


def _mappings(node: nodes.Node | None) -> Iterator[nodes.Mapping]:
    items = node.items if isinstance(node, nodes.Sequence) else ()
    return (item for item in items if isinstance(item, nodes.Mapping))


def _vector(reader: Reader, name: str, node: nodes.Node) -> MatrixValue:
    if has_expression(node):
        return _value(reader, node)
    values = tuple(_value(reader, item) for item in reader.sequence(node))
    if isinstance(node, nodes.Sequence) and not values:
        reader.error(node.span, "matrix", f"Matrix vector '{name}' does not contain any values")
    return values


def _filter(reader: Reader, node: nodes.Node) -> MatrixValue:
    if has_expression(node):
        return _value(reader, node)
    for item in (items := reader.sequence(node)):
        if not has_expression(item):
            reader.mapping(item)
    return tuple(_value(reader, item) for item in items)


def _value(reader: Reader, node: nodes.Node) -> MatrixValue:
    if isinstance(node, nodes.Sequence):
        return tuple(_value(reader, item) for item in node.items)
    if isinstance(node, nodes.Mapping):
        return {spelled(entry.key): _value(reader, entry.value) for entry in node}
    return reader.text(node, _AT) if has_expression(node) else node.value

"""The syntax tree and what is made of it: expressions, templates and the vocabulary that they are checked against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

BinaryOperator = OneOf["==", "!=", "<", "<=", ">", ">="]
LogicalOperator = OneOf["&&", "||"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: bool | float | str | None


@dataclass(frozen=True, slots=True)
class Name:
    """A context by its name as written; `index` is its place in the source, from 0."""

    name: str
    index: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `name` is lower-cased."""

    name: str
    arguments: tuple[Node, ...]
    index: int


@dataclass(frozen=True, slots=True)
class Index:
    """`target.name` and `target[key]`: a property name is a Literal key."""

    target: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Filter:
    """`target.*` and `target[*]`."""

    target: Node


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two operands."""

    operator: BinaryOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logical:
    """A whole chain of one of `&&` and `||`."""

    operator: LogicalOperator
    operands: tuple[Node, ...]


Node = Literal | Name | Call | Index | Filter | Not | Comparison | Logical


def children(node: Node) -> tuple[Node, ...]:
    """The operands of `node`, in source order."""
    match node:
        case Literal() | Name():
            return ()
        case Call(arguments=nodes) | Logical(operands=nodes):
            return nodes
        case Index(target=target, key=key):
            return (target, key)
        case Filter(target=operand) | Not(operand=operand):
            return (operand,)
        case Comparison(left=left, right=right):
            return (left, right)


def walk(node: Node) -> Iterator[Node]:
    """`node` and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def _static_name(node: Node) -> tuple[str, ...] | None:
    match node:
        case Name(name=name):
            return (name.lower(),)
        case Index(target=target, key=Literal(value=str(key))):
            head = _static_name(target)
            return None if head is None else (*head, key)
        case _:
            return None


def _references(node: Node) -> Iterator[tuple[str, ...]]:
    name = _static_name(node)
    if name is not None:
        yield name
        return
    for child in children(node):
        yield from _references(child)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was found valid; `source` is its text without `${{ }}`."""

    source: str
    root: Node

    def references(self) -> tuple[tuple[str, ...], ...]:
        """The dotted names used, each once and as far as it is static: `needs.build['result']` and `needs.*.x` give
        ("needs", "build", "result") and ("needs",). The head is lower-cased, the rest as written.
        """
        return tuple(dict.fromkeys(_references(self.root)))

    def calls(self) -> frozenset[str]:
        """The lower-cased names of all functions called anywhere."""
        return frozenset(node.name for node in walk(self.root) if isinstance(node, Call))


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it, in order; adjacent texts are one, and no part is an empty text."""

    source: str
    parts: tuple[str | Expression, ...]

    @property
    def is_literal(self) -> bool:
        """Whether there is no expression in it."""
        return all(isinstance(part, str) for part in self.parts)

    @property
    def quoted(self) -> str | None:
        """The text of a template that is one quoted string, `${{ 'text' }}`: GitHub reads it as that text."""
        if len(self.parts) == 1 and isinstance(part := self.parts[0], Expression):
            root = part.root
            return root.value if isinstance(root, Literal) and isinstance(root.value, str) else None
        return None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in it."""
        return tuple(part for part in self.parts if isinstance(part, Expression))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be used at a place in a file beside the language's own functions.

    `names` are contexts; `functions` maps further functions to the least and the most arguments they take. Names are
    given in any spelling and kept lower-cased.
    """

    names: frozenset[str] = frozenset()
    functions: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(name.lower() for name in self.names))
        object.__setattr__(self, "functions", {name.lower(): arity for name, arity in self.functions.items()})

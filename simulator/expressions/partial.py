"""Evaluation where not all is known: what an expression gives whatever the unknown is. Knows no file and no run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from simulator.expressions.errors import ExpressionError
from simulator.expressions.evaluation import Scope, evaluate
from simulator.expressions.syntax import (
    BinaryOperator,
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
)
from simulator.expressions.values import Value, fold, is_primitive, to_text, truthy


def _any_text(_text: str) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Unknown:
    """A value that is not known, and what is known of it.

    It is one of `among` where that is not None. With `is_text` it is a text, which begins with `start` and can be what
    `may_be` takes. `holds` says whether it counts as true.
    """

    among: tuple[Value, ...] | None = None
    is_text: bool = False
    start: str = ""
    may_be: Callable[[str], bool] = _any_text
    holds: bool | None = None

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true; None where that is not known."""
        if self.among is not None:
            return _agreed(map(truthy, self.among))
        return True if self.start else self.holds

    @property
    def has_no_properties(self) -> bool:
        """Whether it is surely no object and no array."""
        return self.is_text or (self.among is not None and all(map(is_primitive, self.among)))

    def can_be(self, text: str) -> bool:
        """Whether it can be a value that equals a text."""
        return not self.is_text or (fold(text).startswith(fold(self.start)) and self.may_be(text))


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """An object of which some properties are known; all others are `others`, or null."""

    known: Mapping[str, Partial]
    others: Unknown = UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """An object whose properties are all named; others are null."""

    known: Mapping[str, Partial]


Partial: TypeAlias = "Value | Unknown | Open | Closed"
Contexts: TypeAlias = Mapping[str, Partial]
Functions: TypeAlias = Mapping[str, Partial]


def truth(value: Partial) -> bool | None:
    """Whether a value counts as true in a condition; None where that is not known."""
    if isinstance(value, Unknown):
        return value.truth
    return True if isinstance(value, Open | Closed) else truthy(value)


def foresee(node: Node, contexts: Contexts, functions: Functions) -> Partial:
    """What a node of an expression gives; `functions` are what the functions without arguments give, by name.

    A context that is not there is null. What cannot be evaluated is unknown.
    """
    try:
        return _Foresight(contexts, functions).value(node)
    except ExpressionError:
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class _Foresight:
    contexts: Contexts
    functions: Functions

    def value(self, node: Node) -> Partial:
        value: Partial = UNKNOWN
        match node:
            case Literal():
                value = node.value
            case Name():
                value = _property(self.contexts, node.name)
            case Index():
                value = self._item(node)
            case Not():
                held = truth(self.value(node.operand))
                value = UNKNOWN if held is None else not held
            case Comparison():
                value = _compared(node.operator, self.value(node.left), self.value(node.right))
            case Logical():
                value = self._logical(node)
            case Call():
                value = self._call(node)
            case Filter():
                pass
        return value

    def _item(self, node: Index) -> Partial:
        target, key = self.value(node.target), self.value(node.key)
        if isinstance(target, Unknown):
            return None if target.has_no_properties else UNKNOWN
        if isinstance(key, Unknown | Open | Closed):
            return UNKNOWN
        if isinstance(target, Open | Closed):
            missing = target.others if isinstance(target, Open) else None
            return _property(target.known, to_text(key), missing) if is_primitive(key) else None
        return _evaluated(Index(Name("target", 0), Name("key", 0)), {"target": target, "key": key})

    def _logical(self, node: Logical) -> Partial:
        deciding = node.operator == "||"
        values = [self.value(operand) for operand in node.operands]
        held = [truth(value) for value in values]
        known = next((place for place, each in enumerate(held) if each is None), len(values))
        decided = next((place for place, each in enumerate(held) if each is deciding), None)
        if decided is not None and decided < known:
            return values[decided]
        if known == len(values):
            return values[-1]
        return Unknown(holds=deciding if decided is not None else None)

    def _call(self, node: Call) -> Partial:
        if node.name in self.functions:
            return UNKNOWN if node.arguments else self.functions[node.name]
        if node.name in {"hashfiles", "case"}:
            return UNKNOWN
        arguments = [self.value(argument) for argument in node.arguments]
        known = [value for value in arguments if not isinstance(value, Unknown | Open | Closed)]
        if len(known) == len(arguments):
            names = {f"argument{number}": value for number, value in enumerate(known)}
            return _evaluated(Call(node.name, tuple(Name(name, 0) for name in names), 0), names)
        if node.name == "format":
            return Unknown(holds=_has_text(arguments[0]))
        return _of_text(node.name, arguments) if len(arguments) == 2 else UNKNOWN


def _evaluated(node: Node, names: Mapping[str, Value]) -> Value:
    return evaluate(Expression("", node), Scope(names))


def _property(known: Mapping[str, Partial], name: str, missing: Partial = None) -> Partial:
    if name in known:
        return known[name]
    wanted = fold(name)
    return next((value for key, value in known.items() if fold(key) == wanted), missing)


def _compared(operator: BinaryOperator, left: Partial, right: Partial) -> Partial:
    """The result of a comparison: of two known values, else of an unknown one with each that it can be."""
    if isinstance(left, Open | Closed) or isinstance(right, Open | Closed):
        return UNKNOWN
    if not isinstance(left, Unknown) and not isinstance(right, Unknown):
        comparison = Comparison(operator, Name("left", 0), Name("right", 0))
        return _evaluated(comparison, {"left": left, "right": right})
    unknown, other = (left, right) if isinstance(left, Unknown) else (right, left)
    if not isinstance(unknown, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    if unknown.among is not None:
        pairs = (((each, right) if unknown is left else (left, each)) for each in unknown.among)
        agreed = _agreed(truth(_compared(operator, *pair)) is True for pair in pairs)
        return UNKNOWN if agreed is None else agreed
    if operator not in {"==", "!="} or not isinstance(other, str) or unknown.can_be(other):
        return UNKNOWN
    return operator == "!="


def _of_text(name: str, arguments: Sequence[Partial]) -> Partial:
    """What `startsWith` and its like say of a text that is not known."""
    where, what = arguments
    if not isinstance(where, Unknown) or not isinstance(what, str):
        return UNKNOWN
    if where.among is not None:
        call = Call(name, (Name("where", 0), Name("what", 0)), 0)
        agreed = _agreed(truthy(_evaluated(call, {"where": each, "what": what})) for each in where.among)
        return UNKNOWN if agreed is None else agreed
    start, wanted = fold(where.start), fold(what)
    if name == "startswith":
        if start.startswith(wanted):
            return True
        return UNKNOWN if wanted.startswith(start) else False
    return True if name == "contains" and wanted in start else UNKNOWN


def _has_text(pattern: Partial) -> bool | None:
    """Whether a pattern of `format` makes text whatever is put in; None where that is not known."""
    if not isinstance(pattern, str):
        return None
    return True if any(part for part in _around(pattern)) else None


def _around(pattern: str) -> Iterable[str]:
    rest = pattern.replace("{{", "\0").replace("}}", "\0")
    while "{" in rest:
        head, _, tail = rest.partition("{")
        yield head
        rest = tail.partition("}")[2]
    yield rest


def _agreed(values: Iterable[bool]) -> bool | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None

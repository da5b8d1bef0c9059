"""How a key of a configuration is declared: what its value is, and who may set it; and how a table is read by that.

Knows no key of pysim's. A table is a dataclass whose fields are made by `key`; a field `wait_timer` is the key
`wait-timer`. What reads a value is given its place, too, and raises ConfigurationError for what is wrong with it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from simulator.configuration.toml_source import TomlFile
from simulator.errors import ConfigurationError
from simulator.remedies import Act, Remedy
from simulator.spelling import suggest
from simulator.toml_places import Keys

T = TypeVar("T")
_KEY: Final = "key"


class Setter(enum.Enum):
    """Who may set a key: the file of the repository that is rehearsed, or the user of this machine alone."""

    REPOSITORY = "repository"
    USER = "user"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value of a file, with the way to it. A value that is not given stands where its table does."""

    file: TomlFile
    keys: Keys
    value: object

    @property
    def name(self) -> str:
        """The key that it is the value of."""
        return str(self.keys[-1])

    def child(self, key: str | int, value: object) -> Node:
        """A value in it."""
        return dataclasses.replace(self, keys=(*self.keys, key), value=value)

    def children(self) -> Iterator[Node]:
        """The values of a table. Raises ConfigurationError for what is none."""
        if not isinstance(self.value, dict):
            header = f"[{self.file.header(self.keys)}]"
            raise self.error(f"{self.name} is to be a table.", hint=f"Write {header}.")
        for name, value in self.value.items():
            yield self.child(name, value)

    def error(self, message: str, *, hint: str) -> ConfigurationError:
        """The error for the value."""
        return self.file.error(message, self.keys, hint=hint)

    def key_error(self, message: str, *, hint: str, remedies: Iterable[Remedy] = ()) -> ConfigurationError:
        """The error for the key."""
        return self.file.error(message, self.keys, hint=hint, of_key=True, remedies=tuple(remedies))


Read = Callable[[Node], T]
Errors = Callable[[str], Iterator[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A declared key. `machine` says what of this machine its value names, and `ask` how else pysim is told of it.

    A `needed` one that is not given is read as an empty text.
    """

    read: Read[Any]
    setter: Setter = Setter.REPOSITORY
    machine: str = ""
    ask: Act | None = None
    needed: bool = False


def key(read: Read[T], default: T, *, needed: bool = False) -> T:
    """A key that the repository's file sets, as a field of a dataclass."""
    return _field(Key(read=read, needed=needed), default)


def user_key(read: Read[T], default: T, *, machine: str, ask: Act) -> T:
    """A key that the user alone sets."""
    return _field(Key(read=read, setter=Setter.USER, machine=machine, ask=ask), default)


def _field(declared: Key, default: T) -> T:
    made: T = dataclasses.field(default_factory=lambda: default, metadata={_KEY: declared})
    return made


def declared(model: Any) -> Mapping[str, Key]:
    """The keys of a table by name."""
    return {field.name.replace("_", "-"): field.metadata[_KEY] for field in dataclasses.fields(model)}


def read_table(model: type[T], node: Node) -> T:
    """The table, by what its dataclass declares."""
    known = declared(model)
    values: dict[str, Any] = {}
    given = {child.name: child for child in node.children()}
    for child in given.values():
        if child.name not in known:
            where = node.file.header(node.keys)
            message = f"There is no key {child.name} in {f'[{where}]' if where else 'the file'}."
            raise child.key_error(message, hint=suggest(child.name, known))
    for name, declaration in known.items():
        if name in given:
            values[name.replace("-", "_")] = declaration.read(given[name])
        elif declaration.needed:
            values[name.replace("-", "_")] = declaration.read(node.child(name, ""))
    return model(**values)


# ---- kinds of values


def text(node: Node) -> str:
    """A text."""
    if not isinstance(node.value, str):
        raise node.error(f"{node.name} is to be text.", hint=f'Write {node.name} = "...".')
    return node.value


def texts(node: Node) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(node.value, list) or not all(isinstance(item, str) for item in node.value):
        raise node.error(f"{node.name} is to be a list of texts.", hint=f'Write {node.name} = ["..."].')
    return tuple(node.value)


def flag(node: Node) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise node.error(f"{node.name} is to be true or false.", hint="Write true or false.")
    return node.value


def whole_number(words: str, least: int, most: int | None = None, *, such_as: int) -> Read[int]:
    """A whole number, which `words` describe."""

    def read(node: Node) -> int:
        value = node.value
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
        if not (fits and isinstance(value, int) and (most is None or value <= most)):
            raise node.error(f"{node.name} is to be {words}.", hint=f"Write {node.name} = {such_as}.")
        return value

    return read


def moment(node: Node) -> float:
    """A date or a time, in seconds since the epoch; one without a zone is UTC's."""
    value = node.value
    if not isinstance(value, date):
        raise node.error(f"{node.name} is to be a date.", hint=f"Write {node.name} = 2026-01-31, without quotes.")
    given = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()


def one_of(choices: Mapping[str, T], words: str, hint: str = "") -> Read[T]:
    """One of some texts, and what it stands for; `words` say of another `{}` that it is none."""

    def read(node: Node) -> T:
        value = text(node)
        if value not in choices:
            raise node.error(words.format(value), hint=hint or suggest(value, choices))
        return choices[value]

    return read


def checked(errors: Errors, hint: str, *, named: bool = False) -> Read[str]:
    """A text that has none of the errors; `{}` in the hint is the key, which the message begins with if `named`."""

    def read(node: Node) -> str:
        value = text(node)
        for error in errors(value):
            raise node.error(f"{node.name}: {error}" if named else error, hint=hint.format(node.name))
        return value

    return read


def table(model: type[T], check: Callable[[Node, T], None] | None = None) -> Read[T]:
    """A table of declared keys; `check` looks at them together."""

    def read(node: Node) -> T:
        made = read_table(model, node)
        if check is not None:
            check(node, made)
        return made

    return read


def tables(model: type[T]) -> Read[tuple[T, ...]]:
    """An array of tables."""

    def read(node: Node) -> tuple[T, ...]:
        if not isinstance(node.value, list):
            header = f"[[{node.file.header(node.keys)}]]"
            raise node.error(f"{node.name} is to be an array of tables.", hint=f"Write {header}.")
        return tuple(read_table(model, node.child(at, value)) for at, value in enumerate(node.value))

    return read


def by_name(kind: Read[T], check: Callable[[Node], None] | None = None) -> Read[Mapping[str, T]]:
    """A table whose keys are names of the user's; `check` looks at each, name and value."""

    def read(node: Node) -> Mapping[str, T]:
        found: dict[str, T] = {}
        for child in node.children():
            if check is not None:
                check(child)
            found[child.name] = kind(child)
        return found

    return read


def leaves(node: Node) -> Iterator[Node]:
    """The values of a table and of the tables in it, and the tables that are empty."""
    value = node.value
    inside: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        inside = enumerate(value)
    empty = True
    for name, item in inside:
        empty = False
        yield from leaves(node.child(name, item))
    if empty and node.keys:
        yield node

"""GraphQL queries in small: a document is parsed and answered from nodes, by what it asks for and nothing else.

Knows the language's queries, fragments, aliases, arguments and variables; a field that no node has is an error of
its own, so that nothing is answered by chance. Knows no type of GitHub's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Arguments = Mapping[str, Any]
Resolver = Callable[[Arguments], Awaitable[Any]]
Node = Mapping[str, Any]  # values, nodes, lists of them, or a Resolver of one
_TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[_A-Za-z]\w*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>\.\.\.|[!$&()\[\]{}:=@|])'
)
_IGNORED: Final = re.compile(r"(?:[\s,﻿]|#[^\n]*)*")
_DEEPEST: Final = 30


class UnsupportedError(Exception):
    """A document, or a field of it, that is not answered here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field that is asked for; `fragment` is the name of a spread one instead."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    selection: tuple[Field, ...] = ()
    fragment: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """The place of a variable."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The one operation of a document, its fragments, and the defaults of its variables."""

    operation: str
    selection: tuple[Field, ...]
    fragments: Mapping[str, tuple[Field, ...]]
    defaults: Mapping[str, Any]


async def execute(document: Document, variables: Mapping[str, Any], root: Node) -> dict[str, Any]:
    """What the operation asks for. Raises UnsupportedError."""
    if document.operation != "query":
        raise UnsupportedError(document.operation)
    values = {**document.defaults, **variables}
    return await _select(document, values, root, document.selection)


async def _select(
    document: Document, variables: Mapping[str, Any], node: Node, selection: Sequence[Field]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in selection:
        if field.fragment:
            inner = field.selection or document.fragments.get(field.name, ())
            found |= await _select(document, variables, node, inner)
            continue
        if field.name not in node:
            raise UnsupportedError(field.name)
        value = node[field.name]
        if callable(value):
            value = await value({name: _value(given, variables) for name, given in field.arguments.items()})
        found[field.alias] = await _complete(document, variables, value, field)
    return found


async def _complete(document: Document, variables: Mapping[str, Any], value: Any, field: Field) -> Any:
    if isinstance(value, list):
        return [await _complete(document, variables, item, field) for item in value]
    if isinstance(value, Mapping):
        return await _select(document, variables, value, field.selection)
    return value


def _value(given: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(given, Variable):
        return variables.get(given.name)
    if isinstance(given, Mapping):
        return {name: _value(item, variables) for name, item in given.items()}
    if isinstance(given, list):
        return [_value(item, variables) for item in given]
    return given


def parse(text: str) -> Document:
    """Read a document. Raises UnsupportedError for one that is not understood."""
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: str) -> None:
        self._words = list(_words(text))
        self._at = 0
        self._depth = 0

    @property
    def _next(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self, wanted: str = "") -> str:
        word = self._next
        if not word or (wanted and word != wanted):
            raise UnsupportedError(f"a document with {word or 'its end'} in the place of {wanted or 'a name'}")
        self._at += 1
        return word

    def _skip(self, word: str) -> bool:
        found = self._next == word
        self._at += found
        return found

    def document(self) -> Document:
        operations: list[tuple[str, tuple[Field, ...], Mapping[str, Any]]] = []
        fragments: dict[str, tuple[Field, ...]] = {}
        while self._next:
            if self._skip("fragment"):
                name = self._take()
                self._take("on")
                self._take()
                fragments[name] = self._selection()
                continue
            kind = "query" if self._next == "{" else self._take()
            if self._next not in {"{", "("}:
                self._take()
            defaults: Mapping[str, Any] = self._variables() if self._next == "(" else {}
            operations.append((kind, self._selection(), defaults))
        if len(operations) != 1:
            raise UnsupportedError(f"a document of {len(operations)} operations")
        operation, selection, defaults = operations[0]
        return Document(operation=operation, selection=selection, fragments=fragments, defaults=defaults)

    def _variables(self) -> dict[str, Any]:
        """The declared variables: their types are of no interest here, their defaults are."""
        defaults: dict[str, Any] = {}
        self._take("(")
        while not self._skip(")"):
            self._take("$")
            name = self._take()
            self._take(":")
            while self._next not in {"$", ")", "="}:
                self._take()
            if self._skip("="):
                defaults[name] = self._argument()
        return defaults

    def _selection(self) -> tuple[Field, ...]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnsupportedError("a document of that depth")
        self._take("{")
        fields: list[Field] = []
        while not self._skip("}"):
            fields.append(self._spread() if self._skip("...") else self._field())
        self._depth -= 1
        return tuple(fields)

    def _spread(self) -> Field:
        if self._skip("on"):
            name = self._take()
            return Field(name=name, alias=name, arguments={}, selection=self._selection(), fragment=True)
        name = self._take()
        return Field(name=name, alias=name, arguments={}, fragment=True)

    def _field(self) -> Field:
        alias = name = self._take()
        if self._skip(":"):
            name = self._take()
        arguments: dict[str, Any] = {}
        if self._skip("("):
            while not self._skip(")"):
                key = self._take()
                self._take(":")
                arguments[key] = self._argument()
        selection = self._selection() if self._next == "{" else ()
        return Field(name=name, alias=alias, arguments=arguments, selection=selection)

    def _argument(self, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise UnsupportedError("a document of that depth")
        word = self._take()
        if word == "$":
            return Variable(name=self._take())
        if word == "[":
            items = []
            while not self._skip("]"):
                items.append(self._argument(depth + 1))
            return items
        if word == "{":
            values: dict[str, Any] = {}
            while not self._skip("}"):
                key = self._take()
                self._take(":")
                values[key] = self._argument(depth + 1)
            return values
        if word in {"true", "false", "null"} or word[0] in '"-0123456789':
            return json.loads(word)
        return word


def _words(text: str) -> Sequence[str]:
    found: list[str] = []
    at = _skipped(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnsupportedError(f"a document with {text[at]!r}")
        found.append(match[0])
        at = _skipped(text, match.end())
    return found


def _skipped(text: str, at: int) -> int:
    match = _IGNORED.match(text, at)
    assert match
    return match.end()

"""A YAML document as nodes that know where they stand. Knows no YAML library and no key of any file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.positions import Span

Resolved = bool | int | float | str | None

_ESCAPES = {"'": "''", '"': "\\"}  # what takes two characters in a quoted scalar, by its quote


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """A scalar: `text` is its content, `value` what YAML 1.2's core schema makes of it.

    `plain` is true without quotes and block style. `source` is the scalar as it stands in the file, tag and quotes
    included.
    """

    text: str
    value: Resolved
    plain: bool
    source: str
    span: Span

    def place_of(self, offset: int) -> Span:
        """The place in the file of the character of `text` at `offset`, if that lies in an expression.

        Exact unless an escape of more than two characters, or lines folded away, stand before it in the expression.
        """
        start = self.text.rfind("${{", 0, offset + 3)
        count = self.text.count("${{", 0, start + 3) if start >= 0 else 0
        index = -1
        for _ in range(count):
            index = self.source.find("${{", index + 1)
        if index < 0:
            return self._in_bare_text(offset)
        return self._place(self._forward(index, offset - start))

    def _in_bare_text(self, offset: int) -> Span:
        first = self.source.find(self.text) if "\n" not in self.text else -1
        return self._place(first + offset) if first >= 0 else self.span

    def _forward(self, index: int, steps: int) -> int:
        """The index in `source` that is `steps` characters of `text` further on than `index`."""
        indentation = self._indentation()
        for _ in range(steps):
            if self.source.startswith("\n", index):
                blanks = 0
                while blanks != indentation and self.source.startswith(" ", index + 1 + blanks):
                    blanks += 1
                index += blanks
            elif self.source.startswith(_ESCAPES.get(self.source[:1], "\n"), index):
                index += 1
            index += 1
        return min(index, len(self.source))

    def _indentation(self) -> int | None:
        """How far the lines of a block scalar are indented; None for other styles, which drop all indentation."""
        header, _, body = self.source.partition("\n")
        if not header.startswith(("|", ">")):
            return None
        return min((len(line) - len(line.lstrip(" ")) for line in body.split("\n") if line.strip(" ")), default=0)

    def _place(self, index: int) -> Span:
        lines = self.source.count("\n", 0, index)
        if not lines:
            return Span(file=self.span.file, line=self.span.line, column=self.span.column + index)
        column = index - self.source.rindex("\n", 0, index)
        return Span(file=self.span.file, line=self.span.line + lines, column=column)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sequence:
    """A sequence of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A key of a mapping and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """A mapping in the order in which it is written; no two keys are equal, case ignored."""

    entries: tuple[Entry, ...]
    span: Span

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def get(self, key: str) -> Node | None:
        """The value of `key` (case counts), None without one."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)


Node = Scalar | Sequence | Mapping

_OBJECT, _TEXT = 24, 26


def size_of(node: Node) -> int:
    """The bytes that `node` takes in GitHub's reckoning (TemplateMemory): 24 a node, 26 a text, 2 a character."""
    if isinstance(node, Scalar):
        return _OBJECT + (size_of_text(node.value) if isinstance(node.value, str) else 0)
    if isinstance(node, Sequence):
        return _OBJECT + sum(map(size_of, node.items))
    return _OBJECT + sum(size_of(entry.key) + size_of(entry.value) for entry in node.entries)


def size_of_text(text: str) -> int:
    """The bytes that `text` takes in GitHub's reckoning."""
    return _TEXT + 2 * len(text)

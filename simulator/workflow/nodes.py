"""A YAML document as nodes that know where they stand. Knows no YAML library and no key of any file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.positions import Span

Resolved = bool | int | float | str | None


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

        Exact unless an escape or folding changed the text before it within the same expression.
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
        """The index in `source` that is `steps` characters of text further on; a line break and indentation are one."""
        for _ in range(steps):
            if index < len(self.source) and self.source[index] == "\n":
                rest = self.source[index + 1 :]
                index += len(rest) - len(rest.lstrip(" "))
            index += 1
        return min(index, len(self.source))

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

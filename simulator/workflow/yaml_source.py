"""From YAML text to nodes with places, or to one diagnostic that says what is wrong. The only user of the YAML library.

Works on the event stream of the pure Python reader: composing itself, with a depth and a node count, keeps hostile
text cheap, and gives the YAML 1.2 rules that GitHub has where the library has those of 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from simulator.diagnostics import Diagnostic, Severity
from simulator.positions import Span
from simulator.workflow import scalars
from simulator.workflow.limits import GITHUB, Limits
from simulator.workflow.nodes import Entry, Mapping, Node, Resolved, Scalar, Sequence

__all__ = ["Document", "Entry", "Mapping", "Node", "Scalar", "Sequence", "read"]

_TEXT_OF_A_NODE = 64  # characters that count as one more node, so that aliases of long text have a bound too
_LONGEST_MESSAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The root of a file, None when it is empty or cannot be read; `diagnostics` says what is wrong with it."""

    root: Node | None
    diagnostics: tuple[Diagnostic, ...] = ()


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, code: str, message: str, mark: Any, hint: str | None = None) -> None:
        super().__init__(message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "...")
        self.code = code
        self.line: int = mark.line
        self.column: int = mark.column
        self.hint = hint

    def diagnostic(self, file: str) -> Diagnostic:
        span = Span(file=file, line=self.line + 1, column=self.column + 1)
        return Diagnostic(code=self.code, severity=Severity.ERROR, message=str(self), span=span, hint=self.hint)


def read(text: str | bytes, file: str, limits: Limits = GITHUB) -> Document:
    """The document that `text` (UTF-8 when bytes) holds; `file` is the path for its places. Raises nothing."""
    try:
        return _read(_decode(text, limits.characters), file, limits)
    except _Refused as refused:
        return Document(root=None, diagnostics=(refused.diagnostic(file),))


def _read(text: str, file: str, limits: Limits) -> Document:
    composer = _Composer(text, file, limits)
    try:
        root = composer.document()
        return Document(root=root, diagnostics=tuple(problem.diagnostic(file) for problem in composer.problems))
    except yaml.reader.ReaderError as error:
        message = f"The character U+{ord(text[error.position]):04X} is not allowed in YAML"
        raise _Refused("yaml-character", message, _mark_of(text, error.position)) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _Refused("yaml-syntax", f"The file is not valid YAML: {error}", _Mark(0, 0)) from None


def _decode(text: str | bytes, most: int) -> str:
    """The text, of at most `most` characters: in UTF-8 one has up to four bytes."""
    if len(text) <= (most if isinstance(text, str) else 4 * most):
        decoded = text if isinstance(text, str) else _from_utf_8(text)
        if len(decoded) <= most:
            return decoded
    raise _Refused("file-size", f"The maximum file size of {most} characters has been exceeded", _Mark(0, 0))


def _from_utf_8(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        mark = _mark_of(text[: error.start].decode("utf-8"), error.start)
        message = f"The file is not UTF-8: the byte 0x{text[error.start]:02x} cannot stand here"
        raise _Refused("yaml-encoding", message, mark, "Save the file as UTF-8.") from None


@dataclass(frozen=True, slots=True)
class _Mark:
    line: int
    column: int


def _mark_of(text: str, index: int) -> _Mark:
    return _Mark(text.count("\n", 0, index), len(text[:index]) - text.rfind("\n", 0, index) - 1)


# What the library says (a pattern of its problem), and what is said instead; `{start}` is where the construct began.
_WORDING = (
    (r"mapping values are not allowed", "A ':' is not expected here: quote the value, or mend the indentation"),
    (r"found character '\\t'", "A tab is not expected here: YAML is indented with spaces"),
    (r"found character '(?P<what>.)'", "A value cannot begin with '{what}': quote it"),
    (r"could not find expected ':'", "A ':' is expected after the key that begins on line {start}"),
    (r"found unexpected end of stream", "The quoted text that begins on line {start} is not closed"),
    (r"expected ',' or '(?P<what>[\]}])'", "A ',' or '{what}' is expected in the list that begins on line {start}"),
    (
        r"expected <block end>, but found '(?P<what>[^']*)'",
        "The indentation does not fit the block that begins on line {start}",
    ),
    (r"found undefined alias '(?P<what>[^']*)'", "Unknown anchor '{what}'"),
)


def _syntax_error(error: yaml.MarkedYAMLError) -> _Refused:
    mark = error.problem_mark or error.context_mark or _Mark(0, 0)
    start = error.context_mark or mark
    problem = error.problem or "the text ends too early"
    for pattern, words in _WORDING:
        if match := re.match(pattern, problem):
            message = words.format(start=start.line + 1, **match.groupdict())
            return _Refused("yaml-syntax", message, start if "is not closed" in words else mark)
    return _Refused("yaml-syntax", f"The file is not valid YAML: {problem}", mark)


@dataclass(slots=True)
class _Frame:
    """A collection that is still open, with the size and the height of what it holds."""

    event: Any
    items: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    node: Node | None  # None while the anchored node is still open
    size: int = 1
    height: int = 0


class _Reader(yaml.SafeLoader):
    """The library's pure Python reader, with YAML 1.2's tabs: they separate and end lines, they just do not indent."""

    _indentation = (-1, 0)  # a line, and the index of its first character that is no blank

    def scan_to_next_token(self) -> None:
        """Skip what stands between tokens."""
        super().scan_to_next_token()
        while self.peek() == "\t" and self._is_separation():
            while self.peek() in " \t":
                self.forward()
            super().scan_to_next_token()

    def _is_separation(self) -> bool:
        if self._indentation[0] != self.line:
            start = self.pointer - self.column
            while self.buffer[start] in " \t":
                start += 1
            self._indentation = (self.line, start)
        start = self._indentation[1]
        return start < self.pointer or self.buffer[start] in "\r\n#\0"


class _Composer:
    def __init__(self, text: str, file: str, limits: Limits) -> None:
        self.limits = limits
        self.text = text
        self.file = file
        self.events = cast("Iterator[Any]", yaml.parse(text, Loader=_Reader))
        self.anchors: dict[str, _Anchored] = {}
        self.open: list[_Frame] = []
        self.nodes = 0
        self.problems: list[_Refused] = []  # with which the rest can still be read

    def document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message = "A second document begins here: a workflow file holds one"
                    raise _Refused("yaml-documents", message, event.start_mark)
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event) or root
            elif isinstance(event, yaml.CollectionEndEvent):
                root = self._close()
        return root

    def _node(self, event: Any) -> Node | None:
        """Take in an event that begins a node; the node if it is complete."""
        if isinstance(event, yaml.AliasEvent):
            anchored = self._alias(event)
            assert anchored.node is not None
            return self._add(anchored.node, event, anchored.size, anchored.height)
        if isinstance(event, yaml.ScalarEvent):
            return self._add(self._scalar(event), event, 1 + len(event.value) // _TEXT_OF_A_NODE, 0)
        self._check_collection(event)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(None)
        self.open.append(_Frame(event))
        if len(self.open) > self.limits.depth:
            raise _Refused("yaml-depth", "Maximum object depth exceeded", event.start_mark)
        return None

    def _alias(self, event: Any) -> _Anchored:
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            raise _Refused("yaml-alias", f"Unknown anchor '{event.anchor}'", event.start_mark)
        if anchored.node is None:
            raise _Refused("yaml-alias", f"The alias '{event.anchor}' stands inside its own anchor", event.start_mark)
        return anchored

    def _add(self, node: Node, event: Any, size: int, height: int) -> Node:
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            self.anchors[event.anchor] = _Anchored(node, size)
        self.nodes += size
        if self.nodes > self.limits.nodes:
            message = f"The file holds more than {self.limits.nodes} values"
            raise _Refused("yaml-size", message, event.start_mark)
        if len(self.open) + height > self.limits.depth:
            raise _Refused("yaml-depth", "Maximum object depth exceeded", event.start_mark)
        if self.open:
            frame = self.open[-1]
            frame.items.append(node)
            frame.size += size
            frame.height = max(frame.height, height + 1)
        return node

    def _close(self) -> Node:
        frame = self.open.pop()
        span = self._span(frame.event.start_mark)
        node: Node
        if isinstance(frame.event, yaml.SequenceStartEvent):
            node = Sequence(items=tuple(frame.items), span=span)
        else:
            node = Mapping(entries=self._entries(frame), span=span)
        if frame.event.anchor:
            self.anchors[frame.event.anchor] = _Anchored(node, frame.size, frame.height)
        self.nodes -= frame.size - 1  # `_add` counts the whole
        return self._add(node, frame.event, frame.size, frame.height)

    def _entries(self, frame: _Frame) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        merged: list[Entry] = []
        for key, value in zip(frame.items[::2], frame.items[1::2], strict=True):
            mark = _Mark(key.span.line - 1, key.span.column - 1)
            if not isinstance(key, Scalar):
                message = "A key must be a single value, not a list or a mapping"
                self.problems.append(_Refused("yaml-key", message, mark))
            elif key.plain and key.text == "<<":
                hint = "Write the keys out, or use an alias for the whole value."
                self.problems.append(
                    _Refused("yaml-merge-key", "GitHub does not support the merge key '<<'", mark, hint)
                )
                merged += value.entries if isinstance(value, Mapping) else ()
            elif key.text and key.text.upper() in entries:
                self.problems.append(_Refused("duplicate-key", f"'{key.text}' is already defined", mark))
            else:
                entries[key.text.upper()] = Entry(key=key, value=value)
        for entry in merged:  # as if it were supported, so that only the key itself is complained of
            entries.setdefault(entry.key.text.upper(), entry)
        return tuple(entries.values())

    def _check_collection(self, event: Any) -> None:
        usual = "seq" if isinstance(event, yaml.SequenceStartEvent) else "map"
        if event.tag not in {None, "!", f"tag:yaml.org,2002:{usual}"}:
            raise _Refused("yaml-tag", f"Unexpected tag '{event.tag}'", event.start_mark)

    def _scalar(self, event: Any) -> Scalar:
        source = self.text[event.start_mark.index : event.end_mark.index].replace("\r\n", "\n")
        plain = not event.style
        return Scalar(
            text=event.value,
            value=self._value(event, plain=plain),
            plain=plain,
            source=source,
            span=self._span(event.start_mark),
        )

    def _value(self, event: Any, *, plain: bool) -> Resolved:
        text: str = event.value
        if not text.isascii() and re.search("[\ud800-\udfff]", text):
            raise _Refused("yaml-character", "Half of a surrogate pair is no character", event.start_mark)
        if event.tag is None:
            return scalars.resolve(text) if plain else text
        if event.tag in {"!", scalars.STR}:
            return text
        if event.tag not in {scalars.NULL, scalars.BOOL, scalars.INT, scalars.FLOAT}:
            raise _Refused("yaml-tag", f"Unexpected tag '{event.tag}'", event.start_mark)
        place = f"on line {event.start_mark.line + 1} and column {event.start_mark.column + 1}"
        if not plain:
            style = _STYLES[event.style]
            message = f"The scalar style '{style}' {place} is not valid with the tag '{event.tag}'"
            raise _Refused("yaml-tag", message, event.start_mark)
        fits, value = scalars.resolve_tagged(text, event.tag)
        if not fits:
            message = f"The value '{text}' {place} is invalid for the type '{event.tag}'"
            raise _Refused("yaml-tag", message, event.start_mark)
        return value

    def _span(self, mark: Any) -> Span:
        return Span(file=self.file, line=mark.line + 1, column=mark.column + 1)


_STYLES = {"'": "SingleQuoted", '"': "DoubleQuoted", "|": "Literal", ">": "Folded"}

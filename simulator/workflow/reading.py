"""How every key of a file is read: small typed readers over nodes that note each problem and go on.

A reader takes a node (None when the key is absent) and gives what the model holds, or None after noting why not.
`at` names the key as `facts.vocabulary` knows it; without it no expression is allowed there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from simulator.diagnostics import Diagnostic, Severity
from simulator.expressions.language import (
    BUILTIN_FUNCTIONS,
    MAX_LENGTH,
    Expression,
    ExpressionError,
    Template,
    format_call,
    parse_condition,
    parse_template,
    to_text,
)
from simulator.positions import Located, Span
from simulator.spelling import closest
from simulator.workflow import facts, nodes
from simulator.workflow.model import Condition, Entries, Text

_EXPRESSION = "${{"
_INSERT = re.compile(r"\$\{\{\s*insert\s*\}\}")
_DIRECTIVE = re.compile(r"\$\{\{\s*insert(?=\s|\}\})")
Item = TypeVar("Item")
Word = TypeVar("Word", bound=str)


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that a mapping may have, and those that it must have."""

    keys: Collection[str]
    required: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """The known entries of a mapping; none where there is no mapping."""

    entries: Mapping[str, nodes.Entry] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def get(self, key: str) -> nodes.Node | None:
        """The value of `key`, None when it is absent."""
        entry = self.entries.get(key)
        return entry.value if entry else None

    def key_spans(self, *keys: str) -> Iterator[Located[str]]:
        """Those of `keys` that are there, where they stand."""
        return (Located(key, self.entries[key].key.span) for key in keys if key in self.entries)


def spelled(scalar: nodes.Scalar) -> str:
    """The text that a scalar stands for where text is wanted: 3.10 is "3.1"."""
    return scalar.value if isinstance(scalar.value, str) else to_text(scalar.value)


def has_expression(node: nodes.Node) -> bool:
    """Whether `node` is a scalar with an expression in it."""
    return isinstance(node, nodes.Scalar) and isinstance(node.value, str) and _EXPRESSION in node.value


@dataclass(slots=True)
class Reader:
    """Reads nodes; holds what is wrong with them and what is valid but beyond pysim.

    `events_are_checked` reads `on` as GitHub's parser in TypeScript does, which refuses what the service passes over.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    unsupported: list[Located[str]] = field(default_factory=list)
    events_are_checked: bool = False

    @property
    def has_errors(self) -> bool:
        """Whether the file is invalid."""
        return any(item.severity is Severity.ERROR for item in self.diagnostics)

    def error(
        self, span: Span, code: str, message: str, hint: str | None = None, *, shown_at: Span | None = None
    ) -> None:
        """Note a problem that makes the file invalid; `shown_at` is where GitHub shows it, if not at `span`."""
        elsewhere = None if shown_at == span else shown_at
        message = _cut(message, shown_at or span)
        self.diagnostics.append(
            Diagnostic(code=code, severity=Severity.ERROR, message=message, span=span, hint=hint, shown_at=elsewhere)
        )

    def ignored(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        """Note something under an event of `on` that GitHub's service passes over, and its parser does not."""
        if self.events_are_checked:
            self.error(span, code, message, hint)
            return
        message = f"{message}, which GitHub ignores"
        self.diagnostics.append(Diagnostic(code=code, severity=Severity.WARNING, message=message, span=span, hint=hint))

    def unexpected(self, scalar: nodes.Scalar, expected: Sequence[str] = (), hint: str | None = None) -> None:
        """Note a scalar that is none of `expected`, or not what `hint` asks for."""
        text = spelled(scalar)
        self.error(scalar.span, "unexpected-value", f"Unexpected value '{text}'", hint or _hint(text, expected))

    def unknown(self, word: Located[str], expected: Sequence[str]) -> None:
        """Note a word that is none of `expected`."""
        self.error(word.span, "unexpected-value", f"Unexpected value '{word.value}'", _hint(word.value, expected))

    def unknown_type(self, word: Located[str], expected: Sequence[str]) -> None:
        """Note an activity type of an event that it does not have."""
        self.ignored(word.span, "unexpected-value", f"Unexpected value '{word.value}'", _hint(word.value, expected))

    def not_expected(self, node: nodes.Sequence | nodes.Mapping) -> None:
        """Note a collection where none is taken."""
        kind = "mapping" if isinstance(node, nodes.Mapping) else "sequence"
        self.error(node.span, f"unexpected-{kind}", f"A {kind} was not expected")

    def no_expression(self, scalar: nodes.Scalar) -> None:
        """Note an expression where none is taken."""
        message = "A template expression is not allowed in this context"
        place = scalar.place_of(scalar.text.find(_EXPRESSION))
        self.error(place, "expression-not-allowed", message, shown_at=scalar.span)

    # Scalars

    def scalar(self, node: nodes.Node | None) -> nodes.Scalar | None:
        """A scalar of any type."""
        if isinstance(node, nodes.Sequence | nodes.Mapping):
            self.not_expected(node)
            return None
        return node

    def literal(self, node: nodes.Node | None, *, filled: bool = True) -> Located[str] | None:
        """Text without expressions."""
        text = self.text(node, filled=filled)
        return None if text is None else Located(text.source, text.span)

    def choice(self, node: nodes.Node | None, values: Sequence[Word]) -> Word | None:
        """One of some words."""
        scalar = self.scalar(node)
        if scalar is None:
            return None
        for value in values:
            if spelled(scalar) == value:
                return value
        self.unexpected(scalar, values)
        return None

    def text(self, node: nodes.Node | None, at: str | None = None, *, filled: bool = False) -> Text | None:
        """Text, not empty when `filled`."""
        scalar = self.scalar(node)
        if scalar is None:
            return None
        if filled and not spelled(scalar):
            self.unexpected(scalar)
            return None
        template = self.template(scalar, at)
        return None if template is None else Text(template=template, span=scalar.span, value=scalar.value)

    def boolean(self, node: nodes.Node | None, at: str | None = None) -> Text | None:
        """A boolean or an expression."""
        return self._typed(node, bool, at, "Expected true or false, without quotes.")

    def number(self, node: nodes.Node | None, at: str | None = None) -> Text | None:
        """A number or an expression."""
        return self._typed(node, (int, float), at, "Expected a number, without quotes.")

    def flag(self, node: nodes.Node | None) -> bool | None:
        """A boolean that is known now; None when absent."""
        text = self.boolean(node)
        return None if text is None else text.source == "true"

    def _typed(self, node: nodes.Node | None, types: type | tuple[type, ...], at: str | None, hint: str) -> Text | None:
        scalar = self.scalar(node)
        if scalar is None or has_expression(scalar):
            return self.text(scalar, at)
        if isinstance(scalar.value, types) and isinstance(scalar.value, bool) is (types is bool):
            return self.text(scalar, at)
        self.unexpected(scalar, hint=hint)
        return None

    # Expressions

    def template(self, scalar: nodes.Scalar, at: str | None) -> Template | None:
        """The scalar's text with its expressions."""
        text = spelled(scalar)
        if _EXPRESSION not in text:
            return Template(text, (text,))
        if at is None:
            self.no_expression(scalar)
            return None
        if not self._is_parsable(scalar, text):
            return None
        try:
            template = parse_template(text, facts.vocabulary(at))
        except ExpressionError as error:
            self._invalid_expression(scalar, error, at)
            return None
        if len(template.parts) > 1 and len(format_call(template)) > MAX_LENGTH:
            self._too_long(scalar)
            return None
        return template

    def _is_parsable(self, scalar: nodes.Scalar, text: str) -> bool:
        """Whether it is worth parsing: not too long in any form, and without GitHub's one directive."""
        directive = _DIRECTIVE.search(text)
        if len("".join(text.split())) > MAX_LENGTH + len("${{}}"):
            self._too_long(scalar)
            return False
        if directive is not None and (end := text.find("}}", directive.end())) >= 0:
            hint = "insert stands as a key alone: `${{ insert }}: ${{ fromJSON(...) }}`."
            place = scalar.place_of(directive.start())
            message = _misplaced(text, text[directive.end() : end].split())
            self.error(place, "expression-insert", message, hint, shown_at=scalar.span)
            return False
        return True

    def _too_long(self, scalar: nodes.Scalar) -> None:
        message = f"Exceeded max expression length {MAX_LENGTH}"
        hint = "GitHub joins a text and its expressions to one expression: pass values through env instead."
        self.error(scalar.span, "expression-length", message, hint)

    def condition(self, node: nodes.Node | None, at: str, owner: Span) -> Condition:
        """An `if:` in its effective form; `success()`, placed at `owner`, when absent or invalid."""
        scalar = self.scalar(node)
        if scalar is not None:
            try:
                expression = parse_condition(spelled(scalar), facts.vocabulary(at))
                return Condition(expression=expression, source=spelled(scalar), span=scalar.span)
            except ExpressionError as error:
                self._invalid_expression(scalar, error, at)
        return Condition(expression=_success(), source="", span=owner)

    def _invalid_expression(self, scalar: nodes.Scalar, first: ExpressionError, at: str) -> None:
        for error in (first, *first.further):
            place = scalar.place_of(error.offset + (error.position or 1) - 1)
            self.error(place, f"expression-{error.kind}", str(error), _words_for(error, at), shown_at=scalar.span)

    # Collections

    def sequence(self, node: nodes.Node | None) -> tuple[nodes.Node, ...]:
        """The items of a sequence."""
        if isinstance(node, nodes.Sequence):
            return node.items
        if isinstance(node, nodes.Mapping):
            self.not_expected(node)
        elif node is not None:
            self.unexpected(node, hint="Expected a list.")
        return ()

    def literals(self, node: nodes.Node | None) -> tuple[Located[str], ...]:
        """Text, or a list of texts, without expressions and not empty."""
        items = node.items if isinstance(node, nodes.Sequence) else (node,)
        return tuple(text for item in items if (text := self.literal(item)) is not None)

    def texts(self, node: nodes.Node | None, at: str | None = None) -> tuple[Text, ...]:
        """Text, or a list of texts, not empty."""
        items = node.items if isinstance(node, nodes.Sequence) else (node,)
        return tuple(text for item in items if (text := self.text(item, at, filled=True)) is not None)

    def mapping(self, node: nodes.Node | None, at: str | None = None, name: str = "") -> nodes.Mapping | None:
        """A mapping; an expression for all of it is valid where expressions are, and beyond pysim."""
        if isinstance(node, nodes.Sequence):
            self.not_expected(node)
        elif isinstance(node, nodes.Scalar) and not has_expression(node):
            self.unexpected(node, hint="Expected a mapping: keys with values, indented below this one.")
        else:
            self.whole(node, at, name)
        return node if isinstance(node, nodes.Mapping) else None

    def whole(self, node: nodes.Node | None, at: str | None, name: str) -> Text | None:
        """The expression that stands for a whole mapping, noted as beyond pysim; None where there is none."""
        if node is None or not has_expression(node):
            return None
        text = self.text(node, at)
        if text is not None:
            self.unsupported.append(Located(f"{name}: {_EXPRESSION} }}}}".lstrip(": "), text.span))
        return text

    def entries(
        self, node: nodes.Node | None, at: str | None = None, name: str = ""
    ) -> Iterator[tuple[str, nodes.Entry]]:
        """The entries of a mapping whose keys are free and no expressions, by the text of the key."""
        for key, entry, is_plain in self._entries(node, at, name):
            if is_plain:
                yield key, entry

    def read_entries(
        self, node: nodes.Node | None, at: str, name: str, read: Callable[[str, nodes.Node], Item | None]
    ) -> Entries[Item]:
        """A mapping whose keys are free or expressions, its values read by `read`; or an expression for all of it."""
        if node is not None and has_expression(node):
            return Entries(whole=self.whole(node, at, name))
        plain: dict[str, Item] = {}
        computed: list[tuple[str, Item]] = []
        for key, entry, is_plain in self._entries(node, at, name):
            item = read(key, entry.value)
            if item is not None and is_plain:
                plain[key] = item
            elif item is not None:
                computed.append((key, item))
        return Entries(plain, None, tuple(computed))

    def _entries(self, node: nodes.Node | None, at: str | None, name: str) -> Iterator[tuple[str, nodes.Entry, bool]]:
        """The valid entries of a mapping, each with the text of its key and whether that is no expression."""
        for entry in self.mapping(node, at, name) or ():
            if has_expression(entry.key):
                if key := self._expression_key(entry.key, at):
                    yield key, entry, False
            elif not (key := spelled(entry.key)):
                self.unexpected(entry.key)
            else:
                yield key, entry, True

    def _expression_key(self, key: nodes.Scalar, at: str | None) -> str | None:
        """A key that is an expression, in GitHub's form; it is beyond pysim."""
        if at is None:
            self.no_expression(key)
            return None
        text: str | None = "${{ insert }}"
        if not _INSERT.fullmatch(key.text):
            template = self.template(key, at)
            text = f"${{{{ {_expression(template)} }}}}" if template else None
        if text is not None:
            self.unsupported.append(Located(key.text, key.span))
        return text

    def variables(self, node: nodes.Node | None, at: str, name: str = "env") -> Entries[Text]:
        """A mapping of free keys to texts, such as `env` and `with`."""
        return self.read_entries(node, at, name, lambda _, value: self.text(value, at))

    def fields(
        self, node: nodes.Node | None, shape: Shape, at: str | None = None, name: str = "", *, of_event: bool = False
    ) -> Fields:
        """The entries of a mapping whose keys are fixed; `of_event` passes over others as `ignored` does."""
        mapping = self.mapping(node, at, name)
        if mapping is None:
            return Fields()
        known: dict[str, nodes.Entry] = {}
        for entry in mapping:
            if has_expression(entry.key):
                self._expression_key(entry.key, at)
            elif spelled(entry.key) in shape.keys:
                known[spelled(entry.key)] = entry
            elif of_event:
                text = spelled(entry.key)
                self.ignored(
                    entry.key.span, "unknown-key", f"Unexpected value '{text}'", _hint(text, sorted(shape.keys))
                )
            else:
                self._unknown_key(entry.key, shape.keys)
        if not any(has_expression(entry.key) for entry in mapping):
            self._require(mapping.span, known, shape)
        return Fields(known)

    def alternative(self, node: nodes.Node | None, shapes: Mapping[str, Shape], hint: str) -> tuple[str | None, Fields]:
        """The one of `shapes` that the keys of a mapping tell of, by its name, and the fields.

        Follows GitHub: each known key rules out the shapes without it, in the order in which the keys stand. `hint`
        says what is missing when the keys do not tell.
        """
        mapping = self.mapping(node)
        if mapping is None:
            return None, Fields()
        left = dict(shapes)
        known: dict[str, nodes.Entry] = {}
        for entry in mapping:
            key = spelled(entry.key)
            fitting = {name: shape for name, shape in left.items() if key in shape.keys}
            if has_expression(entry.key):
                self.no_expression(entry.key)
            elif fitting:
                left = fitting
                known[key] = entry
            elif any(key in shape.keys for shape in shapes.values()):
                self._misplaced_key(entry.key, shapes, known)
            else:
                self._unknown_key(entry.key, dict.fromkeys(key for shape in left.values() for key in shape.keys))
        if len(left) > 1:
            self._undecided(mapping.span, left, hint)
            return None, Fields(known)
        name, shape = next(iter(left.items()))
        self._require(mapping.span, known, shape)
        return name, Fields(known)

    def _misplaced_key(self, key: nodes.Scalar, shapes: Mapping[str, Shape], known: Collection[str]) -> None:
        """Note a key of another shape than the one that the keys before it tell of."""
        text = spelled(key)
        others = [shape.keys for shape in shapes.values() if text in shape.keys]
        telling = [f"'{word}'" for word in known if not any(word in keys for keys in others)]
        hint = f"'{text}' does not go together with {', '.join(telling)}." if telling else None
        self.error(key.span, "unknown-key", f"Unexpected value '{text}'", hint)

    def _require(self, span: Span, known: Collection[str], shape: Shape) -> None:
        for key in shape.required:
            if key not in known:
                self.error(span, "missing-key", f"Required property is missing: {key}")

    def _unknown_key(self, key: nodes.Scalar, keys: Collection[str]) -> None:
        text = spelled(key)
        self.error(key.span, "unknown-key", f"Unexpected value '{text}'", _hint(text, sorted(keys)))

    def _undecided(self, span: Span, shapes: Mapping[str, Shape], hint: str) -> None:
        every = [key for shape in shapes.values() for key in shape.keys]
        telling = ", ".join(sorted(key for key in set(every) - _NEW_KEYS if every.count(key) == 1))
        message = f"There's not enough info to determine what you meant. Add one of these properties: {telling}"
        self.error(span, "undecided", message, hint)


def _misplaced(text: str, parameters: Sequence[str]) -> str:
    """What GitHub says of an `insert` that does not stand as a key, or not alone."""
    if parameters:
        asked = "Exactly 0 parameter(s) were expected following the directive 'insert'."
        return f"{asked} Actual parameter count: {len(parameters)}"
    if _INSERT.fullmatch(text):
        return f"Unexpected value '{text}'"
    return (
        "The directive 'insert' is not allowed in this context. Directives are not supported for expressions that are "
        "embedded within a string. Directives are only supported when the entire value is an expression."
    )


def _expression(template: Template) -> str:
    return template.expressions[0].source if len(template.parts) == 1 else format_call(template)


_LONGEST = 500


def _cut(message: str, shown: Span) -> str:
    """A message as long as GitHub's get with the place before them."""
    most = max(_LONGEST - len(f"{shown.file} (Line: {shown.line}, Col: {shown.column}): "), 0)
    return message if len(message) <= most else f"{message[:most]}[...]"


# GitHub leaves the newest step forms out of what it suggests.
_NEW_KEYS = {"background", "cancel", "wait", "wait-all"}


def _success() -> Expression:
    return parse_condition("", facts.vocabulary("jobs.<job_id>.if"))


_MANY = 12


def _hint(text: str, expected: Sequence[str]) -> str | None:
    if not expected:
        return None
    guess = closest(text, expected) if text else None
    options = f"Expected {'one of: ' if len(expected) > 1 else ''}{', '.join(expected)}."
    if guess is None:
        return options
    return f"Did you mean '{guess}'?" if len(expected) > _MANY else f"Did you mean '{guess}'? {options}"


def _words_for(error: ExpressionError, at: str) -> str | None:
    token = error.token or ""
    if error.text == "Unrecognized named-value":
        return _named(token, sorted(facts.vocabulary(at).names), known=token.lower() in facts.contexts())
    if error.text == "Unrecognized function":
        return _available(token, sorted({*BUILTIN_FUNCTIONS, *facts.functions(at)}))
    return "Strings in expressions are in single quotes." if token.startswith('"') else None


def _available(token: str, names: Sequence[str], *, known: bool = False) -> str:
    available = f"Available here: {', '.join(names)}."
    if known:
        return f"The context '{token}' is not available here. {available}"
    guess = closest(token, names)
    return f"Did you mean '{guess}'? {available}" if guess else available


def _named(token: str, names: Sequence[str], *, known: bool) -> str:
    """Words for a name that is no context, or none that is available: often a text without its quotes."""
    quoted = "" if known or closest(token, names) else f" A text has single quotes: '{token}'."
    return _available(token, names, known=known) + quoted

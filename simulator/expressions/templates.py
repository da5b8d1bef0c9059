"""Text with `${{ }}` in it, and the conditions of `if:`. Knows no key of any file."""

from __future__ import annotations

from simulator.expressions.errors import ExpressionError
from simulator.expressions.parser import parse
from simulator.expressions.syntax import Call, Expression, Logical, Template, Vocabulary
from simulator.expressions.values import WHITESPACE

_OPEN, _CLOSE = "${{", "}}"
_MOST_ERRORS = 10
_STATUS_FUNCTIONS = frozenset({"success", "failure", "always", "cancelled"})
_SUCCESS = Expression("success()", Call("success", (), 0))


def parse_template(source: str, vocabulary: Vocabulary) -> Template:
    """`source` split into text and expressions; raises ExpressionError, its `offset` that of the expression."""
    parts: list[str | Expression] = []
    errors: list[ExpressionError] = []
    at = 0
    while (start := source.find(_OPEN, at)) >= 0:
        if start > at:
            parts.append(source[at:start])
        try:
            at = end = _end_of_expression(source, start + len(_OPEN))
            at += len(_CLOSE)
            parts.append(_parse_part(source, start + len(_OPEN), end, vocabulary))
        except ExpressionError as error:
            errors.append(error)
            if at <= start or len(errors) == _MOST_ERRORS:
                break
    if errors:
        errors[0].further = tuple(errors[1:])
        raise errors[0]
    if at < len(source) or not parts:
        parts.append(source[at:])
    return Template(source, tuple(parts))


def _end_of_expression(source: str, start: int) -> int:
    """The index of the `}}` that ends the expression begun at `start`; a string may hold one of its own."""
    quoted = False
    for index in range(start, len(source)):
        if source[index] == "'":
            quoted = not quoted
        elif not quoted and source.startswith(_CLOSE, index):
            return index
    text = (
        "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found."
    )
    raise ExpressionError(text, kind="parsing", source=source, offset=start - len(_OPEN))


def _parse_part(source: str, start: int, end: int, vocabulary: Vocabulary) -> Expression:
    body = source[start:end]
    blank = len(body) - len(body.lstrip(WHITESPACE))
    if not (text := body.strip(WHITESPACE)):
        raise ExpressionError("An expression was expected", kind="parsing", source=source, offset=start)
    try:
        return parse(text, vocabulary)
    except ExpressionError as error:
        raise error.moved(start + blank) from None


def parse_condition(source: str, vocabulary: Vocabulary) -> Expression:
    """An `if:` in its effective form.

    `${{ }}` around it is dropped, an empty one is `success()`, and `success() && (...)` is put around one that calls
    no status function. Text beside `${{ }}` makes GitHub read the whole as `format(...)`: so does this.
    """
    condition = _bare_condition(source, vocabulary)
    if condition is None:
        return _SUCCESS
    if condition.calls() & _STATUS_FUNCTIONS:
        return condition
    return Expression(f"success() && ({condition.source})", Logical("&&", (_SUCCESS.root, condition.root)))


def _bare_condition(source: str, vocabulary: Vocabulary) -> Expression | None:
    text = source.strip(WHITESPACE)
    if not text:
        return None
    if _OPEN not in text:
        blank = source.index(text)
        try:
            return parse(text, vocabulary)
        except ExpressionError as error:
            raise error.moved(blank) from None
    template = parse_template(source, vocabulary)
    if template.quoted is not None:
        return parse(template.quoted, vocabulary) if template.quoted.strip(WHITESPACE) else None
    if len(template.expressions) == 1 and not any(isinstance(part, str) and part.strip() for part in template.parts):
        return template.expressions[0]
    return parse(format_call(template), vocabulary)


def format_call(template: Template) -> str:
    """GitHub's own form of a template with text in it: `format('text {0}', x)`."""
    pattern, arguments = "", list[str]()
    for part in template.parts:
        if isinstance(part, str):
            pattern += part.replace("'", "''").replace("{", "{{").replace("}", "}}")
        else:
            pattern += f"{{{len(arguments)}}}"
            arguments.append(part.source)
    return "format(" + ", ".join([f"'{pattern}'", *arguments]) + ")"

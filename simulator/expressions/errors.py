"""How the expression language says no: one error, worded as GitHub words it."""

from __future__ import annotations

from typing import Literal

Phase = Literal["lexing", "parsing", "evaluation"]


class ExpressionError(Exception):
    """An expression is not valid, or its evaluation failed; `str()` is GitHub's text.

    `text` is that sentence without its place, `position` counts UTF-16 units from 1 at the start of the expression, and
    `offset` is the index in the parsed template at which that expression starts (0 for a bare one). A function of a
    `Scope` raises it with a text alone; the evaluator adds the expression. `further` are the errors of the expressions
    that follow in the same template.
    """

    further: tuple[ExpressionError, ...] = ()

    def __init__(
        self,
        text: str,
        *,
        kind: Phase = "evaluation",
        position: int | None = None,
        token: str | None = None,
        source: str | None = None,
        offset: int = 0,
    ) -> None:
        self.text = text
        self.kind: Phase = kind
        self.position = position
        self.token = token
        self.source = source
        self.offset = offset
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        if self.token is not None and self.position is not None:
            return f"{self.text}: '{self.token}'. Located at position {self.position} within expression: {self.source}"
        if self.kind == "evaluation" and self.source is not None:
            return f"{self.text}. Located within expression: {self.source}"
        return self.text

    def within(self, source: str) -> ExpressionError:
        """The same error of the evaluation of `source`."""
        return ExpressionError(self.text, kind=self.kind, source=source, offset=self.offset)

    def moved(self, offset: int) -> ExpressionError:
        """The same error of an expression that starts `offset` characters further on."""
        return ExpressionError(
            self.text,
            kind=self.kind,
            position=self.position,
            token=self.token,
            source=self.source,
            offset=self.offset + offset,
        )


def utf16_position(source: str, index: int) -> int:
    """The position, from 1 in UTF-16 units, of the character at `index`: GitHub's way to count."""
    head = source[:index]
    return index + 1 if head.isascii() else len(head.encode("utf-16-le", "surrogatepass")) // 2 + 1

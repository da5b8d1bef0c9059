"""From the text of an expression to tokens. Knows no names, no functions and no grammar."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.expressions.errors import ExpressionError, utf16_position
from simulator.expressions.values import WHITESPACE, number_of_text

if TYPE_CHECKING:
    from collections.abc import Iterator

Scalar = bool | float | str | None


class TokenKind(enum.Enum):
    """What a token is."""

    LITERAL = enum.auto()
    NAME = enum.auto()
    PROPERTY = enum.auto()
    DOT = enum.auto()
    WILDCARD = enum.auto()
    COMMA = enum.auto()
    GROUP_START = enum.auto()
    GROUP_END = enum.auto()
    INDEX_START = enum.auto()
    INDEX_END = enum.auto()
    OPERATOR = enum.auto()
    END = enum.auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its text as written and the index at which it starts; `value` is a literal's."""

    kind: TokenKind
    text: str
    index: int
    value: Scalar = None


_PUNCTUATION = {
    "(": TokenKind.GROUP_START,
    ")": TokenKind.GROUP_END,
    "[": TokenKind.INDEX_START,
    "]": TokenKind.INDEX_END,
    ",": TokenKind.COMMA,
    "*": TokenKind.WILDCARD,
}
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "NaN": math.nan, "Infinity": math.inf}
_BOUNDARY = frozenset("()[],!><=&|" + WHITESPACE)
_NAME_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_NAME_REST = _NAME_START | frozenset("0123456789-")
_NUMBER_START = frozenset("+-0123456789")
_LINKABLE = {TokenKind.NAME, TokenKind.PROPERTY, TokenKind.INDEX_END, TokenKind.GROUP_END, TokenKind.WILDCARD}


def tokens(source: str) -> list[Token]:
    """All tokens of `source`, the last one of kind END; raises ExpressionError of kind "lexing"."""
    return list(_Lexer(source).run())


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.index = 0
        self.previous: TokenKind | None = None

    def run(self) -> Iterator[Token]:
        while True:
            self._skip_whitespace()
            token = self._next() if self.index < len(self.source) else Token(TokenKind.END, "", self.index)
            yield token
            if token.kind is TokenKind.END:
                return
            self.previous = token.kind
            self.index += len(token.text)

    def _skip_whitespace(self) -> None:
        while self.index < len(self.source) and self.source[self.index] in WHITESPACE:
            self.index += 1

    def _next(self) -> Token:
        char = self.source[self.index]
        if char in _PUNCTUATION:
            return Token(_PUNCTUATION[char], char, self.index)
        if char == "'":
            return self._string()
        if char in "!><=&|":
            return self._operator()
        if char == "." and self.previous in _LINKABLE:
            return Token(TokenKind.DOT, char, self.index)
        return self._number() if char in _NUMBER_START or char == "." else self._word()

    def _string(self) -> Token:
        end = self.index + 1
        while True:
            end = self.source.find("'", end) + 1
            if end == 0:
                raise self._unexpected(self.source[self.index :])
            if self.source[end : end + 1] != "'":
                break
            end += 1
        text = self.source[self.index : end]
        return Token(TokenKind.LITERAL, text, self.index, text[1:-1].replace("''", "'"))

    def _operator(self) -> Token:
        for text in (self.source[self.index : self.index + 2], self.source[self.index]):
            if text in {"!=", ">=", "<=", "==", "&&", "||", "!", ">", "<"}:
                return Token(TokenKind.OPERATOR, text, self.index)
        raise self._unexpected(self.source[self.index])

    def _number(self) -> Token:
        text = self._until_boundary(stop_at_dot=False)
        value = number_of_text(text)
        if math.isnan(value):
            raise self._unexpected(text)
        return Token(TokenKind.LITERAL, text, self.index, value)

    def _word(self) -> Token:
        text = self._until_boundary(stop_at_dot=True)
        if text[0] not in _NAME_START or not _NAME_REST.issuperset(text):
            raise self._unexpected(text)
        if self.previous is TokenKind.DOT:
            return Token(TokenKind.PROPERTY, text, self.index)
        if text in _CONSTANTS:
            return Token(TokenKind.LITERAL, text, self.index, _CONSTANTS[text])
        return Token(TokenKind.NAME, text, self.index)

    def _until_boundary(self, *, stop_at_dot: bool) -> str:
        end = self.index + 1
        while end < len(self.source) and self.source[end] not in _BOUNDARY:
            if stop_at_dot and self.source[end] == ".":
                break
            end += 1
        return self.source[self.index : end]

    def _unexpected(self, text: str) -> ExpressionError:
        position = utf16_position(self.source, self.index)
        return ExpressionError("Unexpected symbol", kind="lexing", token=text, position=position, source=self.source)

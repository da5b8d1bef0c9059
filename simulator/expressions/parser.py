"""From tokens to a syntax tree, checked against a vocabulary. Iterative: nesting costs no Python stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import NamedTuple, cast

from simulator.expressions.errors import ExpressionError, utf16_position
from simulator.expressions.functions import FUNCTIONS
from simulator.expressions.lexer import Token, TokenKind, tokens
from simulator.expressions.syntax import (
    BinaryOperator,
    Call,
    Comparison,
    Expression,
    Filter,
    Index,
    Literal,
    Logical,
    LogicalOperator,
    Name,
    Node,
    Not,
    Vocabulary,
)

MAX_DEPTH = 50
MAX_LENGTH = 21_000

_PRECEDENCE = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "!": 5}


def parse(source: str, vocabulary: Vocabulary) -> Expression:
    """The expression that `source` (without `${{ }}`) spells; the empty one is null. Raises ExpressionError."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"Exceeded max expression length {MAX_LENGTH}", kind="parsing", source=source)
    return Expression(source, _Parser(source, vocabulary).run())


class _Operand(NamedTuple):
    """A node with its height."""

    node: Node
    depth: int = 1


@dataclass(slots=True)
class _Open:
    """A bracket that is still open, and what was read in it so far."""

    kind: OneOf["root", "group", "call", "index"]
    token: Token | None = None
    operands: list[_Operand] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    arguments: list[_Operand] = field(default_factory=list)


class _Parser:
    def __init__(self, source: str, vocabulary: Vocabulary) -> None:
        self.source = source
        self.vocabulary = vocabulary
        self.tokens = tokens(source)
        self.at = 0
        self.open = [_Open("root")]
        self.linkable = False  # the last operand may be followed by `.` and `[`

    def run(self) -> Node:
        if self.tokens[0].kind is TokenKind.END:
            return Literal(None)
        wants_operand = True
        while True:
            token = self._take()
            if token.kind is TokenKind.END:
                break
            wants_operand = self._operand(token) if wants_operand else self._operator(token)
        if wants_operand or len(self.open) > 1:
            raise self._error("Unexpected end of expression", self.tokens[-2])
        return self._close().node

    def _take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _next_is(self, kind: TokenKind) -> bool:
        if self.tokens[self.at].kind is not kind:
            return False
        self.at += 1
        return True

    def _operand(self, token: Token) -> bool:
        """Read what may begin an operand; whether one is still wanted."""
        match token.kind:
            case TokenKind.LITERAL:
                self._push(Literal(token.value), linkable=False)
            case TokenKind.NAME if self._next_is(TokenKind.GROUP_START):
                return self._start_call(token)
            case TokenKind.NAME:
                if token.text.lower() not in self.vocabulary.names:
                    raise self._error("Unrecognized named-value", token)
                self._push(Name(token.text, token.index))
            case TokenKind.GROUP_START:
                self.open.append(_Open("group", token))
                return True
            case TokenKind.OPERATOR if token.text == "!":
                self.open[-1].operators.append("!")
                return True
            case _:
                raise self._error("Unexpected symbol", token)
        return False

    def _start_call(self, token: Token) -> bool:
        name = token.text.lower()
        if name not in FUNCTIONS and name not in self.vocabulary.functions:
            raise self._error("Unrecognized function", token)
        self.open.append(_Open("call", token))
        if not self._next_is(TokenKind.GROUP_END):
            return True
        self._end_call(self.open.pop())
        return False

    def _operator(self, token: Token) -> bool:
        """Read what may follow an operand; whether another operand is wanted then."""
        match token.kind:
            case TokenKind.OPERATOR if token.text != "!":
                self._reduce(_PRECEDENCE[token.text])
                self.open[-1].operators.append(token.text)
                return True
            case TokenKind.DOT:
                self._property()
            case TokenKind.INDEX_START if self.linkable:
                return self._start_index(token)
            case TokenKind.COMMA if self.open[-1].kind == "call":
                self.open[-1].arguments.append(self._reduce(0))
                self.open[-1].operands.clear()
                return True
            case TokenKind.GROUP_END | TokenKind.INDEX_END:
                self._end_bracket(token)
            case _:
                raise self._error("Unexpected symbol", token)
        return False

    def _property(self) -> None:
        token = self._take()
        if token.kind is TokenKind.END:
            raise self._error("Unexpected end of expression", self.tokens[-2])
        target = self.open[-1].operands.pop()
        if token.kind is TokenKind.PROPERTY:
            self._push(Index(target.node, Literal(token.text)), target)
        elif token.kind is TokenKind.WILDCARD:
            self._push(Filter(target.node), target)
        else:
            raise self._error("Unexpected symbol", token)

    def _start_index(self, token: Token) -> bool:
        if not self._next_is(TokenKind.WILDCARD):
            self.open.append(_Open("index", token))
            return True
        end = self._take()
        if end.kind is TokenKind.END:
            raise self._error("Unexpected end of expression", self.tokens[-2])
        if end.kind is not TokenKind.INDEX_END:
            raise self._error("Unexpected symbol", end)
        target = self.open[-1].operands.pop()
        self._push(Filter(target.node), target)
        return False

    def _end_bracket(self, token: Token) -> None:
        bracket = self.open[-1]
        if (bracket.kind == "index") != (token.kind is TokenKind.INDEX_END) or bracket.kind == "root":
            raise self._error("Unexpected symbol", token)
        inner = self._close()
        if bracket.kind == "group":
            self.open[-1].operands.append(inner)
            self.linkable = True
        elif bracket.kind == "index":
            target = self.open[-1].operands.pop()
            self._push(Index(target.node, inner.node), target, inner)
        else:
            bracket.arguments.append(inner)
            self._end_call(bracket)

    def _end_call(self, bracket: _Open) -> None:
        assert bracket.token is not None
        name, count = bracket.token.text.lower(), len(bracket.arguments)
        builtin = FUNCTIONS.get(name)
        least, most = (builtin.least, builtin.most) if builtin else self.vocabulary.functions[name]
        if count < least:
            raise self._error("Too few parameters supplied", bracket.token)
        if count > most:
            raise self._error("Too many parameters supplied", bracket.token)
        if name == "case" and count % 2 == 0:
            text = "Even number of parameters supplied, requires an odd number of parameters"
            raise self._error(text, bracket.token)
        arguments = tuple(argument.node for argument in bracket.arguments)
        self._push(Call(name, arguments, bracket.token.index), *bracket.arguments)

    def _close(self) -> _Operand:
        operand = self._reduce(0)
        self.open.pop()
        return operand

    def _reduce(self, precedence: int) -> _Operand:
        """Build all operators that bind at least as tightly as `precedence`; the operand on top."""
        top = self.open[-1]
        while top.operators and _PRECEDENCE[top.operators[-1]] >= precedence:
            operator = top.operators.pop()
            right = top.operands.pop()
            if operator == "!":
                self._push(Not(right.node), right, linkable=False)
            else:
                self._push_binary(operator, top.operands.pop(), right)
        return top.operands[-1]

    def _push_binary(self, operator: str, left: _Operand, right: _Operand) -> None:
        if operator not in {"&&", "||"}:
            comparison = Comparison(cast("BinaryOperator", operator), left.node, right.node)
            self._push(comparison, left, right, linkable=False)
            return
        nodes: tuple[Node, ...] = (left.node,)
        if isinstance(left.node, Logical) and left.node.operator == operator:
            nodes, left = left.node.operands, _Operand(left.node, left.depth - 1)
        self._push(Logical(cast("LogicalOperator", operator), (*nodes, right.node)), left, right, linkable=False)

    def _push(self, node: Node, *below: _Operand, linkable: bool = True) -> None:
        depth = 1 + max((operand.depth for operand in below), default=0)
        if isinstance(node, Index):
            depth = max(depth, 2)  # a property name is a level of its own
        if depth > MAX_DEPTH:
            raise ExpressionError(f"Exceeded max expression depth {MAX_DEPTH}", kind="parsing", source=self.source)
        self.open[-1].operands.append(_Operand(node, depth))
        self.linkable = linkable

    def _error(self, text: str, token: Token) -> ExpressionError:
        position = utf16_position(self.source, token.index)
        return ExpressionError(text, kind="parsing", token=token.text, position=position, source=self.source)

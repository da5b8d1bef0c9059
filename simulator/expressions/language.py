"""The public face of the expression language: parse, inspect, evaluate.

SKETCH OF THE API (to be implemented): every name below is used by other parts with exactly these signatures.

    Value = None | bool | int | float | str | Sequence[Value] | Mapping[str, Value]
        Mappings are looked up ignoring case; sequences and mappings compare by identity.

    class ExpressionError(Exception): kind: "lexing" | "parsing" | "evaluation"; str(error) is GitHub's text;
        position: int | None (1-based, from the start of the expression)

    @dataclass(frozen) class Expression: source: str; root: Node
        references() -> tuple[tuple[str, ...], ...]   dotted names used, e.g. ("github", "ref"), lower-cased head
        calls() -> frozenset[str]                      function names called anywhere, lower-cased

    @dataclass(frozen) class Template: source: str; parts: tuple[str | Expression, ...]
        is_literal -> bool; a Template of one Expression and no text keeps the value's type

    @dataclass(frozen) class Vocabulary: names: frozenset[str]; functions: Mapping[str, tuple[int, int]]
        what may be used at a place in a file: contexts, and extra functions with least and most arguments

    parse(source: str, vocabulary: Vocabulary) -> Expression          without ${{ }}
    parse_template(source: str, vocabulary: Vocabulary) -> Template   text with ${{ }} in it
    parse_condition(source: str, vocabulary: Vocabulary) -> Expression
        `if:`: ${{ }} around it dropped, empty = success(), wrapped in success() && (...) unless it calls a status function

    @dataclass(frozen) class Scope: contexts: Mapping[str, Value]; functions: Mapping[str, Callable[[Sequence[Value]], Value]]

    evaluate(expression: Expression, scope: Scope) -> Value
    evaluate_template(template: Template, scope: Scope) -> Value      typed when it is one expression
    render(template: Template, scope: Scope) -> str                   always text
    truthy(value) -> bool;  to_text(value) -> str;  to_number(value) -> float;  to_json(value) -> str;  from_json(text) -> Value
"""

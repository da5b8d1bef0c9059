"""Rules of a family: collected in the order of their functions, each code once."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from simulator.diagnostics import Severity
from simulator.rehearsal.rule import Rule, rule, rules_of


def _module(name: str, *codes: str) -> ModuleType:
    module = ModuleType(name)
    for code in codes:
        setattr(module, code.replace("-", "_"), _rule(code))
    return module


def _rule(code: str) -> Rule[str, str]:
    @rule(code, Severity.WARNING, summary="A word is long.", why="Nobody reads it.")
    def found(subject: str) -> Iterator[str]:
        yield from (word for word in subject.split() if len(word) > 9)

    return found


def test_a_rule_keeps_what_stands_above_its_function_and_finds_what_that_finds() -> None:
    made = _rule("long-word")
    assert (made.code, made.severity, made.summary) == ("long-word", Severity.WARNING, "A word is long.")
    assert list(made.check("a simulation of releases")) == ["simulation"]


def test_rules_come_in_the_order_of_the_modules_and_of_their_functions() -> None:
    tags, tokens = _module("tags", "tag-pattern", "tag-kind"), _module("tokens", "no-token")
    assert list(rules_of(tags, tokens)) == ["tag-pattern", "tag-kind", "no-token"]


def test_a_code_that_is_used_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="two rules have the code tag-kind; the second one is in tokens"):
        rules_of(_module("tags", "tag-kind"), _module("tokens", "tag-kind"))

"""The rules about built files by code, and their application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.findings import Finding
from simulator.rehearsal.built import completeness, contents, modules, pythons, readme, repeated, versions
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.rule import Rule, rules_of

RULES: Final[Mapping[str, Rule[Subject, Problem]]] = rules_of(
    versions, completeness, modules, contents, repeated, readme, pythons
)


def check(subject: Subject) -> tuple[Finding, ...]:
    """What all rules find, in the order of the rules."""
    found = [
        Finding(
            code=code,
            severity=problem.severity or each.severity,
            message=problem.message,
            hint=problem.hint,
            where=problem.where,
            would_show=problem.would_show,
        )
        for code, each in RULES.items()
        for problem in each.check(subject)
    ]
    return tuple(dict.fromkeys(found))

"""The release rules by code, and their application to a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.diagnostics import Diagnostic
from simulator.rehearsal.rule import Rule, rules_of
from simulator.rehearsal.rules import (
    action_refs,
    artifacts,
    calls,
    circumstances,
    conditions,
    destinations,
    handover,
    inputs,
    publishers,
    publishing_jobs,
    pythons,
    references,
    secrets,
    tags,
    tokens,
    versions,
)
from simulator.rehearsal.rules.model import Problem, Subject

RULES: Final[Mapping[str, Rule[Subject, Problem]]] = rules_of(
    tags,
    tokens,
    artifacts,
    publishers,
    circumstances,
    versions,
    action_refs,
    inputs,
    handover,
    publishing_jobs,
    conditions,
    references,
    pythons,
    calls,
    destinations,
    secrets,
)


def check(subject: Subject) -> tuple[Diagnostic, ...]:
    """What all rules find, in the order of the places."""
    found = [
        Diagnostic(
            code=code,
            severity=problem.severity or each.severity,
            message=problem.message,
            span=problem.span,
            hint=problem.hint,
            events=problem.events,
        )
        for code, each in RULES.items()
        for problem in each.check(subject)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.span.line, each.span.column)))

"""What a rule of a release is, whatever it judges: a weight, words for the page of rules, and a check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from simulator.diagnostics import Severity

Subject_contra = TypeVar("Subject_contra", contravariant=True)
Problem_co = TypeVar("Problem_co", covariant=True)


class Check(Protocol[Subject_contra, Problem_co]):
    """Finds what is wrong. Reads its argument alone, and is silent where it cannot be sure."""

    def __call__(self, subject: Subject_contra, /) -> Iterator[Problem_co]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Generic[Subject_contra, Problem_co]):
    """A rule; its code is its name in the registry. `summary` and `why` are a sentence each for the page of rules."""

    severity: Severity
    summary: str
    why: str
    check: Check[Subject_contra, Problem_co]


def rule(
    severity: Severity, summary: str, why: str, check: Check[Subject_contra, Problem_co]
) -> Rule[Subject_contra, Problem_co]:
    """A row of a registry."""
    return Rule(severity=severity, summary=summary, why=why, check=check)

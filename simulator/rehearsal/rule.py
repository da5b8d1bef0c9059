"""What a rule of a release is, whatever it judges: a code, a severity, words for the page of rules, and a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from simulator.diagnostics import Severity

Subject_contra = TypeVar("Subject_contra", contravariant=True)
Problem_co = TypeVar("Problem_co", covariant=True)


class Check(Protocol[Subject_contra, Problem_co]):
    """Finds what is wrong. Reads its argument alone, and is silent where it cannot be sure."""

    def __call__(self, subject: Subject_contra, /) -> Iterator[Problem_co]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Generic[Subject_contra, Problem_co]):
    """A rule; `summary` and `why` are a sentence each for the page of rules."""

    code: str
    severity: Severity
    summary: str
    why: str
    check: Check[Subject_contra, Problem_co]


def rule(
    code: str, severity: Severity, *, summary: str, why: str
) -> Callable[[Check[Subject_contra, Problem_co]], Rule[Subject_contra, Problem_co]]:
    """Make a rule of the function below: one that finds what `summary` says, which matters for what `why` says."""

    def made(check: Check[Subject_contra, Problem_co]) -> Rule[Subject_contra, Problem_co]:
        return Rule(code=code, severity=severity, summary=summary, why=why, check=check)

    return made


def rules_of(*modules: ModuleType) -> Mapping[str, Rule[Any, Any]]:
    """The rules of some modules by code, in the order in which they stand there.

    Raises ValueError for a code that is used twice.
    """
    found: dict[str, Rule[Any, Any]] = {}
    for module in modules:
        for each in vars(module).values():
            if not isinstance(each, Rule):
                continue
            if each.code in found:
                raise ValueError(f"two rules have the code {each.code}; the second one is in {module.__name__}")
            found[each.code] = each
    return found

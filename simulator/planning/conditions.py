"""A job's `if:`: what can be said of it before anything runs, and what it gives when the job's needs are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.expressions.language import ExpressionError, Scope, Value, evaluate, to_text, truthy, why_false
from simulator.expressions.partial import UNKNOWN, Closed, Open, Partial, foresee, truth
from simulator.planning.graph import ancestors
from simulator.planning.model import Plan, PlannedJob
from simulator.workflow.model import Condition

Decision = Literal["run", "skip", "later"]
_StatusFunctions = dict[str, Callable[[Sequence[Value]], Value]]


def job_condition(
    job: PlannedJob, plan: Plan, *, needs: Mapping[str, Value], results: Mapping[str, str], cancelled: bool = False
) -> bool:
    """Whether a job whose needs are done is to run. Raises ExpressionError.

    `needs` is its `needs` context; `results` the conclusions so far, by job id. `success()` is false when any
    ancestor, not only a direct need, did not succeed (actions/runner issues 491 and 2205).
    """
    scope = _scope_of(job, plan, needs=needs, results=results, cancelled=cancelled)
    return truthy(evaluate(job.job.condition.expression, scope))


def why_not(job: PlannedJob, plan: Plan, *, needs: Mapping[str, Value], results: Mapping[str, str]) -> str:
    """What of the condition of such a job is false, with the values. Raises ExpressionError."""
    return why_false(job.job.condition.expression, _scope_of(job, plan, needs=needs, results=results))


def _scope_of(
    job: PlannedJob, plan: Plan, *, needs: Mapping[str, Value], results: Mapping[str, str], cancelled: bool = False
) -> Scope:
    graph = {each.id: [need.value for need in each.needs] for each in plan.workflow.jobs.values()}
    before = ancestors(graph, job.job.id)

    ended = {name.lower(): result for name, result in results.items()}

    def success(names: Sequence[Value]) -> bool:
        return not cancelled and all(ended.get(name.lower()) == "success" for name in _named(names, before))

    def failure(names: Sequence[Value]) -> bool:
        return not cancelled and any(ended.get(name.lower()) == "failure" for name in _named(names, before))

    functions: _StatusFunctions = {
        "always": lambda _: True,
        "cancelled": lambda _: cancelled,
        "success": success,
        "failure": failure,
    }
    return Scope(contexts={**plan.contexts, "needs": needs}, functions=functions)


def _named(names: Sequence[Value], otherwise: frozenset[str]) -> frozenset[str]:
    return frozenset(map(to_text, names)) or otherwise


class _UnknownYetError(Exception):
    """An expression asks for what only a run can tell."""


class _Unknown(Mapping[str, Value]):
    """A context of which nothing is known."""

    def __getitem__(self, key: str) -> Value:
        raise _UnknownYetError

    def __iter__(self) -> Iterator[str]:
        raise _UnknownYetError

    def __len__(self) -> int:
        raise _UnknownYetError

    def __contains__(self, key: object) -> bool:
        raise _UnknownYetError


@dataclass(frozen=True, slots=True)
class _JobsBefore:
    """How the jobs before a job may have ended; all false: one was skipped."""

    success: bool = False
    failure: bool = False
    cancelled: bool = False


_GOOD = _JobsBefore(success=True)
_BAD = (_JobsBefore(failure=True), _JobsBefore(cancelled=True), _JobsBefore())


def decide(condition: Condition, contexts: Mapping[str, Value], needed: Sequence[Decision]) -> Decision:
    """What a condition gives on the event alone; `needed` are the decisions on all ancestors of the job.

    "run" means: if the jobs before it succeed. "later" is also the answer where the evaluation fails, so that the job
    fails when its time comes.
    """
    endings = (_GOOD,) if not needed else _BAD if "skip" in needed else (_GOOD, *_BAD)
    known = {**contexts, "needs": _Unknown()} if needed else {**contexts, "needs": {}}
    try:
        values = [_holds_after(condition, known, before) for before in endings]
    except (_UnknownYetError, ExpressionError):
        return "later"
    if not any(values):
        return "skip"
    return "run" if all(values) or values == [True, False, False, False] else "later"


def decide_later(
    condition: Condition, contexts: Mapping[str, Value], late: frozenset[str], needed: Sequence[Decision]
) -> Decision:
    """The same for a condition that reads inputs which are not known yet, the `late` ones: "skip", or "later"."""
    given = contexts.get("inputs")
    inputs = given if isinstance(given, Mapping) else {}
    known: dict[str, Partial] = {
        **contexts,
        "inputs": Closed({**inputs, **{name: UNKNOWN for name in inputs if name.lower() in late}}),
        "needs": Open({}),
    }
    success: Partial = False if "skip" in needed else UNKNOWN
    functions = {"always": True, "success": success, "failure": UNKNOWN, "cancelled": UNKNOWN}
    return "skip" if truth(foresee(condition.expression.root, known, functions)) is False else "later"


def _holds_after(condition: Condition, contexts: Mapping[str, Value], before: _JobsBefore) -> bool:
    def constant(value: bool) -> Callable[[Sequence[Value]], Value]:  # noqa: FBT001 - the value is all there is
        def status(names: Sequence[Value]) -> Value:
            if names:
                raise _UnknownYetError
            return value

        return status

    functions: _StatusFunctions = {
        "always": constant(value=True),
        "success": constant(before.success),
        "failure": constant(before.failure),
        "cancelled": constant(before.cancelled),
    }
    return truthy(evaluate(condition.expression, Scope(contexts=contexts, functions=functions)))

"""What is known of a job's texts and conditions before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from simulator.expressions.language import Expression, ExpressionError, Scope, Value, evaluate, to_text, truthy
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.runners import machine_of, system_of
from simulator.workflow.model import Step, Text

UNKNOWN: Final = "*"
"""Stands in a text for what is known at run time alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The contexts that are known without a run of the job."""

    contexts: Mapping[str, Value]

    @classmethod
    def of(cls, plan: Plan, job: PlannedJob) -> Known:
        variables = {**job.workflow.env, **job.job.env}
        contexts: dict[str, Value] = {
            **plan.contexts,
            "matrix": dict(job.matrix),
            "strategy": job.strategy,
            "env": {name: text.source for name, text in variables.items() if text.template.is_literal},
            "runner": {"os": system_of(job.runs_on), "arch": machine_of(job.runs_on)},
        }
        return cls(contexts=contexts)

    def value(self, expression: Expression) -> Value:
        """The value of an expression. Raises ExpressionError where it is known at run time alone."""
        for head, *rest in expression.references():
            context = self.contexts.get(head)
            late = head in {"env", "runner"} and isinstance(context, Mapping) and rest and rest[0] not in context
            if head not in self.contexts or late:
                raise ExpressionError(f"{head} is not known yet")
        functions = {
            "always": lambda _: True,
            "success": lambda _: True,
            "failure": lambda _: False,
            "cancelled": lambda _: False,
        }
        return evaluate(expression, Scope(contexts=self.contexts, functions=functions))

    def render(self, text: Text) -> str:
        """A text with a mark in place of what is not known."""
        parts: list[str] = []
        for part in text.template.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            try:
                parts.append(to_text(self.value(part)))
            except ExpressionError:
                parts.append(UNKNOWN)
        return "".join(parts)

    def surely_runs(self, step: Step) -> bool:
        """Whether the condition of a step holds when all goes well, as far as is known now."""
        try:
            return truthy(self.value(step.condition.expression))
        except ExpressionError:
            return False

    def may_run(self, step: Step) -> bool:
        """Whether the condition of a step may hold when all goes well."""
        try:
            return truthy(self.value(step.condition.expression))
        except ExpressionError:
            return True

"""Every expression of a workflow, with the job and the step that it belongs to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.expressions.language import Expression
from simulator.positions import Span
from simulator.workflow.model import Condition, Entries, Job, Step, Text, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """An expression and its place.

    `job` and `step` are None outside of one. `decides` says that it is the `if` of the job or the step, `ends` that it
    is evaluated when all steps of the job are done.
    """

    expression: Expression
    span: Span
    job: Job | None = None
    step: Step | None = None
    decides: bool = False
    ends: bool = False

    @property
    def owner(self) -> str:
        """What it belongs to, as the beginning of a sentence."""
        return f"Job {self.job.id}" if self.job is not None else "The workflow"


def used_in(workflow: Workflow) -> Iterator[Used]:
    """The expressions of a workflow, in no certain order."""
    for place in (workflow.triggers, workflow.env, workflow.defaults, workflow.run_name, workflow.concurrency):
        for expression, span, _ in _found(place):
            yield Used(expression=expression, span=span)
    for job in workflow.jobs.values():
        yield from _of_job(job)


def _of_job(job: Job) -> Iterator[Used]:
    ending = [job.outputs, job.environment.url if job.environment else None]
    for place in ending:
        for expression, span, _ in _found(place):
            yield Used(expression=expression, span=span, job=job, ends=True)
    bare = dataclasses.replace(job, steps=(), outputs=Entries(), environment=None, snapshot=None)
    names = job.environment.name if job.environment else None
    for expression, span, decides in (*_found(bare), *_found(names)):
        yield Used(expression=expression, span=span, job=job, decides=decides)
    for step in job.all_steps:
        for expression, span, decides in _found(dataclasses.replace(step, parallel=())):
            yield Used(expression=expression, span=span, job=job, step=step, decides=decides)


def _found(value: object) -> Iterator[tuple[Expression, Span, bool]]:
    """The expressions in a value of the model, and whether each is an `if`."""
    if isinstance(value, Text):
        yield from ((expression, value.span, False) for expression in value.template.expressions)
    elif isinstance(value, Condition):
        yield value.expression, value.span, True
    elif isinstance(value, Entries):
        yield from _found((value.whole, *value.plain.values(), *(item for _, item in value.computed)))
    elif isinstance(value, Mapping):
        yield from _found(tuple(value.values()))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _found(item)
    elif dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from _found(getattr(value, each.name))

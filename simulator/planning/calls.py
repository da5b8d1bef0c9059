"""The workflows that jobs call: their inputs, their plans, and what of them is known before anything runs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from simulator.errors import InvalidWorkflowError
from simulator.expressions.language import ExpressionError, Scope, Value, evaluate_template, to_text
from simulator.planning.errors import call_error, plan_error
from simulator.planning.model import Inherited, Plan, PlannedJob
from simulator.planning.plan import plan, reads_later
from simulator.planning.runners import runs_here
from simulator.workflow.calls import CalledWorkflow
from simulator.workflow.model import DispatchInput, InputType, Job, Text, Workflow

JobsOfFile = tuple[Workflow, Job]


def called_plan(caller: Plan, job: PlannedJob, *, needs: Mapping[str, Value] | None) -> Plan | None:
    """The plan of the workflow that a job calls, whose needs are done; None when the workflow is not at hand.

    With `needs` None they are not known yet, and neither are the inputs that read them. Raises InvalidWorkflowError
    where GitHub would fail the call: an input of the wrong type, a key without a value.
    """
    called = caller.calls.get(job.job.id)
    if called is None:
        return None
    late = [name.lower() for name, text in job.job.with_.items() if needs is None and _is_late(caller, text)]
    return plan(
        replace(called.workflow, permissions=called.permissions),
        caller.event,
        contexts={**caller.contexts, "inputs": _inputs(caller, job, called, needs, late)},
        calls=called.calls,
        inherited=Inherited(
            key_prefix=f"{job.key} / ",
            name_prefix=f"{job.name} / ",
            needs=tuple(f"{caller.inherited.key_prefix}{need}" for need in job.needs) or caller.inherited.needs,
            called=called,
            ceiling=job.permissions,
            late=frozenset(late),
            default=caller.inherited.default,
            most=caller.inherited.most,
            most_ceiling=job.at_most,
        ),
    )


def foreseen_plan(caller: Plan, job: PlannedJob) -> Plan | None:
    """`called_plan` as far as it is known before anything runs; None when it depends on results, or will fail."""
    if job.deferred or any(_is_late(caller, text) for text in job.job.with_.values()):
        return None
    return shown_plan(caller, job)


def shown_plan(caller: Plan, job: PlannedJob) -> Plan | None:
    """`called_plan` for a reader, before anything runs; None for what does not run, is not at hand or will fail."""
    if job.decision == "skip":
        return None
    try:
        return called_plan(caller, job, needs=None)
    except InvalidWorkflowError:
        return None


def require_valid_calls(planned: Plan) -> None:
    """Raise InvalidWorkflowError for a call, known before anything runs, for which GitHub ends the run at once."""
    for job in planned.jobs:
        if job.decision == "run" and not job.deferred:
            inner = called_plan(planned, job, needs=None)
            if inner is not None:
                require_valid_calls(inner)


def _is_late(caller: Plan, text: Text) -> bool:
    """Whether a text reads results, or inputs of the caller that are not known yet."""
    return any(reads_later(part, caller.inherited.late) for part in text.template.expressions)


def foreseen_jobs(planned: Plan) -> Iterator[tuple[Plan, PlannedJob]]:
    """The jobs of a plan as GitHub lists them, each with its own plan: those of a called workflow for their caller.

    A caller whose call is not foreseen stands for itself.
    """
    for job in planned.jobs:
        yield from foreseen_of(planned, job)


def foreseen_of(planned: Plan, job: PlannedJob) -> Iterator[tuple[Plan, PlannedJob]]:
    """What `foreseen_jobs` gives for one job of the plan."""
    inner = foreseen_plan(planned, job)
    if inner is None:
        yield planned, job
    else:
        yield from foreseen_jobs(inner)


def all_jobs(planned: Plan) -> Iterator[JobsOfFile]:
    """Every job that may run, of the plan and of all that it calls, with its file.

    What is surely skipped is left out, and what no sandbox can stand for the runner of.
    """
    for job in planned.jobs:
        if job.decision == "skip" or (not runs_here(job.runs_on) and not _has_late_labels(job)):
            continue
        yield job.workflow, job.job
        inner = foreseen_plan(planned, job)
        called = planned.calls.get(job.job.id)
        if inner is not None:
            yield from all_jobs(inner)
        elif called is not None:
            yield from called_jobs(called)


def called_jobs(called: CalledWorkflow) -> Iterator[JobsOfFile]:
    """All jobs of a called workflow and of what it calls, each with its file."""
    workflow = replace(called.workflow, permissions=called.permissions)
    for job in workflow.jobs.values():
        labels = [label.source for label in job.runs_on if label.template.is_literal]
        if len(labels) < len(job.runs_on) or runs_here(labels):
            yield workflow, job
        if job.id in called.calls:
            yield from called_jobs(called.calls[job.id])


def _has_late_labels(job: PlannedJob) -> bool:
    """Whether the labels of a job are not known yet."""
    return job.deferred and not all(label.template.is_literal for label in job.job.runs_on)


def call_contexts(caller: Plan, job: PlannedJob, needs: Mapping[str, Value]) -> dict[str, Value]:
    """What the keys of a calling job may read, but for `secrets`."""
    return {
        **caller.contexts,
        "needs": needs,
        "strategy": job.strategy,
        "matrix": dict(job.matrix) or None,
    }


def _inputs(
    caller: Plan, job: PlannedJob, called: CalledWorkflow, needs: Mapping[str, Value] | None, late: Collection[str]
) -> dict[str, Value]:
    given = {name.lower(): text for name, text in job.job.with_.items()}
    scope = Scope(contexts=call_contexts(caller, job, needs or {}))
    defaults = Scope(contexts={**caller.contexts, "inputs": {}})
    values: dict[str, Value] = {}
    for name, declared in called.workflow.triggers["workflow_call"].inputs.items():
        is_late = name.lower() in late
        values[name] = None if is_late else _input(job, declared, given.get(name.lower()), scope, defaults)
    return values


def _input(job: PlannedJob, declared: DispatchInput, given: Text | None, scope: Scope, defaults: Scope) -> Value:
    text = given or declared.computed
    if text is None:
        return _EMPTY[declared.type] if declared.default is None else declared.default
    try:
        value = evaluate_template(text.template, scope if given else defaults)
    except ExpressionError as error:
        raise plan_error("with", job.job.id, error, text.span) from error
    if text.template.is_literal and declared.type != "string":
        value = text.value
    if declared.type == "string":
        return to_text(value)
    fits = isinstance(value, bool) if declared.type == "boolean" else isinstance(value, int | float)
    if not fits or isinstance(value, bool) is (declared.type == "number"):
        raise call_error(declared, to_text(value), text.span)
    return value


_EMPTY: Mapping[InputType, Value] = {"string": "", "boolean": False, "number": 0.0, "choice": "", "environment": ""}

"""A job that calls a workflow: what the called jobs get from their caller, and what it gets from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.errors import InvalidWorkflowError
from simulator.expressions.language import ExpressionError, Scope, Value, render
from simulator.planning.calls import call_contexts, called_plan
from simulator.planning.errors import plan_error
from simulator.planning.model import PlannedJob
from simulator.run_events import Conclusion
from simulator.runner.graph import Graph
from simulator.runner.masking import Masker
from simulator.runner.model import TOKEN_MARK, Absent, JobResult, RunSettings


def open_call(graph: Graph, job: PlannedJob, masker: Masker) -> Graph:
    """The graph of what a job calls, whose needs are done. Raises InvalidWorkflowError where GitHub fails the call."""
    needs = graph.needs(job)
    plan = called_plan(graph.plan, job, needs=needs)
    if plan is None:
        assert job.job.uses is not None
        raise plan_error("uses", job.job.id, f"{job.job.uses.value} is not at hand", job.job.uses.span)
    secrets = _secrets(graph.settings, job, needs, masker)
    groups = graph.settings.environment_secrets
    if job.job.secrets != "inherit":
        # An environment of a called job gives other values to the secrets that were handed on, and adds none
        # (actions/runner issue 1490).
        spelled = {name.upper(): name for name in secrets}
        groups = {
            environment: {spelled[name.upper()]: each for name, each in group.items() if name.upper() in spelled}
            for environment, group in groups.items()
        }
    settings = replace(graph.settings, plan=plan, secrets=secrets, environment_secrets=groups, portion=None)
    return Graph(settings=settings, caller=(graph, job))


def _secrets(settings: RunSettings, job: PlannedJob, needs: Mapping[str, Value], masker: Masker) -> Mapping[str, str]:
    """The secrets of the called jobs, those of environments apart; empty ones are dropped."""
    if job.job.secrets == "inherit":
        return settings.secrets
    scope = Scope(
        contexts={
            **call_contexts(settings.plan, job, needs),
            "secrets": {**settings.secrets, "GITHUB_TOKEN": TOKEN_MARK},
        }
    )
    given: dict[str, str] = {}
    for name, text in job.job.secrets.items():
        try:
            value = render(text.template, scope)
        except ExpressionError as error:
            raise plan_error("secrets", job.job.id, error, text.span) from error
        if value:
            given[name] = value
            if TOKEN_MARK not in value:
                masker.add(value)
    return given


def close_call(graph: Graph) -> JobResult:
    """The result of the job that calls a workflow all of whose jobs have ended."""
    assert graph.caller is not None
    job = graph.caller[1]
    try:
        absent: Absent | None = "paused" if graph.paused else "missing" if graph.missing else None
        return JobResult(planned=job, conclusion=graph.conclusion, outputs=_outputs(graph), absent=absent)
    except InvalidWorkflowError:
        return JobResult(planned=job, conclusion=Conclusion.FAILURE)


def _outputs(graph: Graph) -> dict[str, str]:
    """`on.workflow_call.outputs`; empty ones are left out."""
    plan = graph.plan
    jobs = {
        name: {"result": conclusion.value, "outputs": graph.outputs(name)}
        for name, conclusion in graph.conclusions().items()
    }
    scope = Scope(contexts={**plan.contexts, "jobs": jobs})
    outputs: dict[str, str] = {}
    for name, output in plan.workflow.triggers["workflow_call"].outputs.items():
        try:
            outputs[name] = render(output.value.template, scope)
        except ExpressionError as error:
            raise plan_error("outputs", name, error, output.value.span) from error
    return {name: value for name, value in outputs.items() if value}

"""The plans of what an event starts: which workflows are rehearsed, and what their jobs would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from simulator.operations.request import Request
from simulator.operations.source import Repository
from simulator.operations.starting import Started
from simulator.operations.workflow_files import Calls
from simulator.planning.choice import Choice, choose
from simulator.planning.model import Inherited, Plan
from simulator.planning.permissions import default_permissions, most_permissions
from simulator.planning.plan import plan
from simulator.rehearsal.handover import handovers
from simulator.rehearsal.starting import publishes_after, publishing_not_started
from simulator.run_events import EventSink, WorkflowConsidered


def chosen(request: Request, started: Sequence[Started], calls: Calls) -> Mapping[str, Choice]:
    """Of each workflow that starts, by its path, whether it is rehearsed."""
    running = [item.workflow for item in started if item.match.starts]
    run_all = request.run_all or bool(request.workflows)
    considered = [(item.workflow, item.match) for item in started]
    elsewhere = (
        bool(started)
        and publishing_not_started(started[0].event, considered) is not None
        and publishes_after(started[0].event, considered, {workflow.path: () for workflow in running}) is None
        and not any(any(handovers(workflow)) for workflow in running)
    )
    choices = choose(running, calls, run_all=run_all, elsewhere=elsewhere)
    return {choice.workflow.path: choice for choice in choices}


def plan_started(
    request: Request, repository: Repository, started: Sequence[Started], calls: Calls, emit: EventSink
) -> tuple[Plan, ...]:
    """Plan the workflows that are rehearsed, and say of each workflow whether it starts and why."""
    choices = chosen(request, started, calls)
    several = sum(choice.rehearsed for choice in choices.values()) > 1
    plans: list[Plan] = []
    for item in started:
        choice = choices.get(item.workflow.path)
        rehearsed = choice is not None and choice.rehearsed
        reason = item.match.reason if choice is None or rehearsed else f"{item.match.reason}; {choice.reason}"
        emit(WorkflowConsidered(path=item.workflow.path, starts=item.match.starts, rehearsed=rehearsed, reason=reason))
        if rehearsed:
            # Two workflows may have a job of the same id.
            stem = f"{PurePosixPath(item.workflow.path).stem}/" if several else ""
            plans.append(plan_of(repository, item, calls, prefix=stem))
    return tuple(plans)


def plan_of(repository: Repository, item: Started, calls: Calls, *, prefix: str = "") -> Plan:
    """The plan of one workflow; the keys and names of its jobs begin with `prefix`. Raises InvalidWorkflowError."""
    setting = repository.identity.workflow_permissions
    inherited = Inherited(
        key_prefix=prefix,
        name_prefix=prefix,
        default=default_permissions(setting),
        most=most_permissions(setting),
    )
    contexts = repository.contexts(item.workflow, item.event)
    return plan(item.workflow, item.event, contexts=contexts, calls=calls.get(item.workflow.path), inherited=inherited)

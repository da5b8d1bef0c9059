"""What is wrong with how an event starts workflows: none, the wrong one, one too often, two that exclude each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from simulator.expressions.language import ExpressionError, Scope, render
from simulator.findings import Finding, Severity
from simulator.planning.tools import publishing_step
from simulator.triggers.model import Event, Match
from simulator.workflow.model import Job, Workflow

Considered = tuple[Workflow, Match]
_REHEARSABLE: Final = ("push", "release", "workflow_dispatch")


def nothing_starts(event: Event, considered: Sequence[Considered]) -> Finding:
    """The finding for an event that starts none of the workflows."""
    what = f"{event.name} of {event.ref_type} {event.ref_name}"
    reasons = [match.reason for _, match in considered]
    if len(considered) > 1:
        reasons = [f"{workflow.path}: {match.reason}" for workflow, match in considered]
    return Finding(
        code="nothing-starts",
        severity=Severity.ERROR,
        message=f"{what} starts no workflow: {'; '.join(reasons)}",
        where=next((match.span for _, match in considered if match.span), None),
        would_show="Nothing: GitHub would start no run.",
        hint=_hint(event, [workflow for workflow, _ in considered]),
    )


def _hint(event: Event, workflows: Sequence[Workflow]) -> str:
    if not any(event.name in workflow.triggers for workflow in workflows):
        listened = {name for workflow in workflows for name in workflow.triggers}
        others = [name for name in _REHEARSABLE if name in listened]
        if others:
            tag = f" --tag {event.ref_name}" if event.ref_type == "tag" and others[0] != "workflow_dispatch" else ""
            option = "" if others[0] == "push" else f" --event {others[0]}"
            option += _dispatched(workflows) if others[0] == "workflow_dispatch" else ""
            return f"Rehearse what starts it: pysim run{option}{tag}, or add {event.name} to `on:`."
        return f"Add {event.name} to `on:` of the workflow that releases."
    if event.name == "push":
        return f"Name the {event.ref_type} as the pattern wants it, or change the pattern."
    return f"Change `types:` of {event.name}, or rehearse another event."


def _dispatched(workflows: Sequence[Workflow]) -> str:
    """The options by which the only one of the workflows that can be dispatched is."""
    able = [workflow for workflow in workflows if "workflow_dispatch" in workflow.triggers]
    if len(able) != 1:
        return ""
    inputs = able[0].triggers["workflow_dispatch"].inputs
    needed = [f" --input {name}=VALUE" for name, given in inputs.items() if given.required]
    return f" -W {PurePosixPath(able[0].path).name}{''.join(needed)}"


def publishes_elsewhere(event: Event, considered: Sequence[Considered]) -> Finding | None:
    """A warning where no step of what the event starts publishes, but one of a workflow that it does not start.

    None where it cannot be told: in a started workflow that calls others.
    """
    started = [workflow for workflow, match in considered if match.starts]
    if not started or any(job.uses or _publishing(job) for workflow in started for job in workflow.jobs.values()):
        return None
    for workflow, match in considered:
        found = next(((job, what) for job in workflow.jobs.values() if (what := _publishing(job))), None)
        if found is not None:
            job, what = found
            return Finding(
                code="publishes-elsewhere",
                severity=Severity.WARNING,
                message=f"Nothing that this {event.name} starts publishes; {workflow.path} does (its job {job.id} "
                f"{what}), and is not started: {match.reason}",
                where=match.span or job.span,
                hint=_hint(event, [workflow]),
            )
    return None


def _publishing(job: Job) -> str | None:
    return next((what for step in job.all_steps if (what := publishing_step(step))), None)


def starts_often(workflow: Workflow, actions: Sequence[str]) -> Finding | None:
    """A warning for a workflow that one release starts once for each of several activity types."""
    if len(actions) < 2:
        return None
    trigger = workflow.triggers["release"]
    return Finding(
        code="starts-more-than-once",
        severity=Severity.WARNING,
        message=f"One release starts {workflow.path} {len(actions)} times: as {', '.join(actions)}",
        where=trigger.span,
        would_show="Later runs would be refused the files that the first one uploaded, or race with it.",
        hint="Name the one type that releases: `types: [published]`.",
    )


def shared_groups(started: Sequence[tuple[Workflow, Scope]], rehearsed: Collection[str]) -> Iterator[Finding]:
    """A warning for each workflow that starts beside a rehearsed one, by path, and shares its concurrency group.

    Each workflow comes with the contexts that its `concurrency` may read.
    """
    groups = [(workflow, group) for workflow, scope in started if (group := _group(workflow, scope))]
    for workflow, group in groups:
        for other, same in groups:
            if workflow.path in rehearsed and other.path not in rehearsed and same.lower() == group.lower():
                yield _shared(workflow, other, group)


def _group(workflow: Workflow, scope: Scope) -> str:
    try:
        return render(workflow.concurrency.group.template, scope) if workflow.concurrency else ""
    except ExpressionError:
        return ""


def _shared(workflow: Workflow, other: Workflow, group: str) -> Finding:
    settings = [each.concurrency.cancel_in_progress for each in (workflow, other) if each.concurrency]
    cancels = any(setting is not None and setting.source != "false" for setting in settings)
    return Finding(
        code="concurrency-shared",
        severity=Severity.WARNING,
        message=f"{other.path} starts too, is not rehearsed, and asks for the concurrency group '{group}' of "
        f"{workflow.path}: one of them {'is cancelled by' if cancels else 'waits for'} the other",
        where=workflow.concurrency.span if workflow.concurrency else None,
        would_show=f"Canceling since a higher priority waiting request for '{group}' exists" if cancels else None,
        hint="Name the workflow in its group: ${{ github.workflow }}-${{ github.ref }}.",
    )

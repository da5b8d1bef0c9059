"""What is wrong with how an event starts workflows: none, the wrong one, one too often, two that exclude each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from simulator.expressions.language import ExpressionError, Scope, render
from simulator.findings import Finding, Severity
from simulator.planning.tools import publishing_step
from simulator.remedies import Act, Remedy, remedy
from simulator.triggers.globs import PatternError, deciding, takes
from simulator.triggers.model import Event, Match
from simulator.workflow.model import Job, Trigger, Workflow

Considered = tuple[Workflow, Match]
_REHEARSABLE: Final = ("push", "release", "workflow_dispatch", "schedule")


def nothing_starts(event: Event, considered: Sequence[Considered]) -> Finding:
    """The finding for an event that starts none of the workflows."""
    what = f"{event.name} of {event.ref_type} {event.ref_name}"
    reasons = [match.reason for _, match in considered]
    if len(considered) > 1:
        reasons = [f"{workflow.path}: {match.reason}" for workflow, match in considered]
    hint, remedies = _advice(event, [workflow for workflow, _ in considered])
    return Finding(
        code="nothing-starts",
        severity=Severity.ERROR,
        message=f"{what} starts no workflow: {'; '.join(reasons)}",
        where=next((match.span for _, match in considered if match.span), None),
        would_show="Nothing: GitHub would start no run.",
        hint=hint,
        remedies=remedies,
    )


def _advice(event: Event, workflows: Sequence[Workflow]) -> tuple[str, tuple[Remedy, ...]]:
    """What is to be done where an event starts none of the workflows, in words and as remedies."""
    if not any(event.name in workflow.triggers for workflow in workflows):
        listened = {name for workflow in workflows for name in workflow.triggers}
        other = next((name for name in _REHEARSABLE if name in listened), None)
        if other is None:
            return f"Add {event.name} to `on:` of the workflow that releases.", ()
        what, remedies = _manual_start(workflows) if other == "workflow_dispatch" else _start(other, event)
        hint = f"Rehearse what starts it: {what}. Or add {event.name} to `on:`."
        return hint, (remedy(Act.REHEARSE), *remedies)
    if event.name == "push":
        return f"Name the {event.ref_type} as the pattern wants it, or change the pattern.", ()
    return f"Change `types:` of {event.name}, or rehearse another event.", ()


def _start(name: str, event: Event) -> tuple[str, tuple[Remedy, ...]]:
    """Another event, of the same tag: `push`, which is rehearsed where none is chosen, or `release`."""
    chosen = () if name == "push" else (remedy(Act.CHOOSE_EVENT, name),)
    if name == "schedule":
        return "the time of its schedule", chosen
    if event.ref_type != "tag":
        return f"a {name}", chosen
    return f"the {name} of tag {event.ref_name}", (*chosen, remedy(Act.CHOOSE_TAG, event.ref_name))


def _manual_start(workflows: Sequence[Workflow]) -> tuple[str, tuple[Remedy, ...]]:
    """How the only one of the workflows that can be started by hand is."""
    able = [workflow for workflow in workflows if "workflow_dispatch" in workflow.triggers]
    chosen = remedy(Act.CHOOSE_EVENT, "workflow_dispatch")
    if len(able) != 1:
        return "a manual start", (chosen,)
    file = PurePosixPath(able[0].path).name
    inputs = able[0].triggers["workflow_dispatch"].inputs
    needed = [name for name, given in inputs.items() if given.required]
    words = "a value for the input" if len(needed) == 1 else "values for the inputs"
    given = f", with {words} {', '.join(needed)}" if needed else ""
    what = f"a manual start of the workflow {file}{given}"
    return what, (chosen, remedy(Act.CHOOSE_WORKFLOW, file), *(remedy(Act.GIVE_INPUT, name) for name in needed))


def publishing_not_started(event: Event, considered: Sequence[Considered]) -> Finding | None:
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
            hint, remedies = _advice(event, [workflow])
            return Finding(
                code="publishing-not-started",
                severity=Severity.WARNING,
                message=f"Nothing that this {event.name} starts publishes; {workflow.path} does (its job {job.id} "
                f"{what}), and is not started: {match.reason}",
                where=match.span or job.span,
                hint=hint,
                remedies=remedies,
            )
    return None


def publishes_after(
    event: Event, considered: Sequence[Considered], jobs: Mapping[str, Sequence[str]]
) -> Finding | None:
    """That what publishes starts when a run of what the event starts is done, which is not rehearsed.

    `jobs` are the keys of the jobs of each workflow that runs, by its path. None where what is started publishes.
    """
    started = [workflow for workflow, match in considered if match.starts]
    if any(job.uses or _publishing(job) for workflow in started for job in workflow.jobs.values()):
        return None
    for workflow, match in considered:
        trigger = workflow.triggers.get("workflow_run")
        publishes = any(job.uses or _publishing(job) for job in workflow.jobs.values())
        if match.starts or trigger is None or not publishes or not _hears(trigger, event.ref_name):
            continue
        first = next((each for each in started if (each.name or each.path) in trigger.workflows), None)
        if first is not None and first.path in jobs:
            return Finding(
                code="workflow-run-not-rehearsed",
                severity=Severity.WARNING,
                message=f"{workflow.path}, which publishes, starts when the run of {first.path} is done "
                "(workflow_run): that is not rehearsed",
                where=trigger.span,
                hint=f"Let {first.path} call it as a job that needs the others, or rehearse it by another event of its "
                "own, such as workflow_dispatch.",
                unrehearsed=tuple(jobs[first.path]),
            )
    return None


def _hears(trigger: Trigger, branch: str) -> bool:
    """Whether the filters of `workflow_run` take the run of a branch, which for a run of a tag is the tag."""
    try:
        if trigger.branches is not None:
            return takes([pattern.value for pattern in trigger.branches], branch)
        return all(deciding([pattern.value], branch) is None for pattern in trigger.branches_ignore or ())
    except PatternError:
        return False


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

"""Which workflows an event starts: each file under the event as it sees it, those too that are not valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from simulator.errors import InvalidWorkflowError, UsageError
from simulator.operations.request import Request
from simulator.operations.source import Repository
from simulator.operations.workflow_files import WorkflowFile, WorkflowFiles
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.triggers import events
from simulator.triggers.match import match
from simulator.triggers.model import Event, Match
from simulator.workflow.model import Entries, RunDefaults, Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A workflow, the event as it sees it, and whether that starts it."""

    workflow: Workflow
    event: Event
    match: Match
    activities: tuple[str, ...] = ()  # all the activity types of one release that start it


def start_workflows(request: Request, repository: Repository, workflows: Sequence[Workflow]) -> tuple[Started, ...]:
    """What the event means to each workflow. Raises UsageError for a dispatch that could be of several."""
    if request.event == "workflow_dispatch":
        _require_one_dispatch(request, workflows)
    see = _seen(request, repository)
    return tuple(map(see, workflows))


def may_start(request: Request, repository: Repository, file: WorkflowFile) -> bool:
    """Whether the event may start a file that is not valid: so it is where its events cannot be read, too."""
    if file.events is None or file.path in request.workflows:
        return True
    heard = {request.event, *(["create"] if request.event == "push" and request.tag is not None else [])}
    if not heard & file.events.keys():
        return False
    try:
        return _seen(request, repository)(_outline(file)).match.starts
    except InvalidWorkflowError:  # of a filter pattern
        return True


def starting_and_invalid(request: Request, repository: Repository, files: WorkflowFiles) -> Sequence[str]:
    """The paths of the files that are not valid, and that the event may start."""
    return [each.path for each in files.asked_files if not each.is_valid and may_start(request, repository, each)]


def _outline(file: WorkflowFile) -> Workflow:
    """A workflow of the events of a file alone."""
    if file.workflow is not None:
        return file.workflow
    return Workflow(
        path=file.path,
        name=None,
        triggers=file.events or {},
        permissions=None,
        env=Entries(),
        defaults=RunDefaults(),
        jobs={},
        span=Span(file=file.path, line=1, column=1),
    )


def _seen(request: Request, repository: Repository) -> Callable[[Workflow], Started]:
    """The event of the request as a workflow sees it."""
    identity, source, tag = repository.identity, repository.source, request.tag
    if request.event == "workflow_dispatch":
        return lambda workflow: _dispatch(request, repository, workflow)
    if request.event == "schedule":
        branch = request.branch or identity.default_branch
        return lambda workflow: _started(workflow, events.schedule(identity, source, workflow, branch=branch))
    if request.event == "release":
        return lambda workflow: _release(request, repository, workflow)
    if tag is not None:
        pushed, created = events.push_tag(identity, source, tag=tag), events.create_tag(identity, source, tag=tag)
        return lambda workflow: _new_tag(workflow, pushed, created)
    assert request.branch is not None
    event = events.push_branch(identity, source, branch=request.branch)
    return lambda workflow: _started(workflow, event)


def _started(workflow: Workflow, event: Event) -> Started:
    return Started(workflow=workflow, event=event, match=match(workflow, event))


def _new_tag(workflow: Workflow, pushed: Event, created: Event) -> Started:
    """The push of a new tag; GitHub delivers its creation, too, for a workflow that starts by that alone."""
    found = _started(workflow, pushed)
    if found.match.starts or created.name not in workflow.triggers:
        return found
    return _started(workflow, created)


def _release(request: Request, repository: Repository, workflow: Workflow) -> Started:
    """The first activity of a new release that starts the workflow; GitHub delivers one event for each of them."""
    tag, prerelease = request.tag, request.prerelease
    assert tag is not None
    actions = ("published", "prereleased" if prerelease else "released", "created")
    made = [
        events.release(repository.identity, repository.source, tag=tag, action=action, prerelease=prerelease)
        for action in actions
    ]
    found = [(event, match(workflow, event)) for event in made]
    event, chosen = next((pair for pair in found if pair[1].starts), found[0])
    often = tuple(event.action for event, result in found if event.action and result.starts)
    return Started(workflow=workflow, event=event, match=chosen, activities=often)


def _dispatch(request: Request, repository: Repository, workflow: Workflow) -> Started:
    identity = repository.identity
    ref = f"refs/tags/{request.tag}" if request.tag else f"refs/heads/{request.branch or identity.default_branch}"
    trigger = workflow.triggers.get("workflow_dispatch")
    event = events.workflow_dispatch(
        identity, repository.source, workflow=workflow, ref=ref, inputs=request.inputs if trigger else {}
    )
    return _started(workflow, event)


def _require_one_dispatch(request: Request, workflows: Sequence[Workflow]) -> None:
    able = list(_dispatchable(workflows))
    if len(able) > 1 and not request.workflows:
        raise UsageError(
            f"{len(able)} workflows can be dispatched: {', '.join(able)}.",
            hint="Choose one of them.",
            remedies=tuple(remedy(Act.CHOOSE_WORKFLOW, name) for name in able),
        )


def _dispatchable(workflows: Sequence[Workflow]) -> Iterator[str]:
    return (PurePosixPath(each.path).name for each in workflows if "workflow_dispatch" in each.triggers)

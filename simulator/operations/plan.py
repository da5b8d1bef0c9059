"""What an event would make of a repository: every workflow with its reason, and the jobs of those that start.

Opens no sandbox and starts no server.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from simulator.actions.survey import FAULTS, FORECASTS
from simulator.configuration.values import Configuration
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError, UsageError
from simulator.operations.actions import Actions, foreseen, read_actions
from simulator.operations.assumed_actor import with_actor
from simulator.operations.chosen_event import choose_event
from simulator.operations.configured import configured
from simulator.operations.plans import chosen, plan_of
from simulator.operations.problems import in_order, problems_of
from simulator.operations.request import Request, require_one_event, unheard, when
from simulator.operations.source import Repository, read_repository
from simulator.operations.starting import Started, start_workflows, starting_and_invalid
from simulator.operations.trees import CommitTree
from simulator.operations.workflow_files import (
    WorkflowFile,
    WorkflowFiles,
    called_in_commit,
    files_of_commit,
    nothing_fetched,
)
from simulator.paths import temporary_folder
from simulator.planning.calls import require_valid_calls, shown_plan
from simulator.planning.choice import Choice
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.runners import image_of
from simulator.rehearsal.handover import unheard as unheard_events
from simulator.remedies import Act, remedy
from simulator.report.plans.model import JobView, PlanView, UnheardView, WorkflowView
from simulator.triggers.model import RepositoryIdentity
from simulator.triggers.repository import find_root
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A plan to show, and all that is known to be wrong with the files.

    `invalid` says whether a file that the event may start is none that GitHub would run; `starts` whether any
    workflow is started. `sources` are the texts by file.
    """

    view: PlanView
    problems: tuple[Diagnostic, ...]
    invalid: bool
    starts: bool
    sources: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """What a plan is made from."""

    repository: Repository
    tree: CommitTree
    files: WorkflowFiles
    actions: Actions
    configuration: Configuration


def plan(request: Request) -> Planned:
    """Say of every workflow whether the event starts it and why, and what its jobs would do. Runs nothing.

    Raises SimulatorError for what a rehearsal could not start with either.
    """
    _require_event(request)
    with _reading(request) as read:
        return _planned(request, read)


def list_workflows(request: Request) -> Planned:
    """The workflows and their jobs as they are written, whatever starts them. Raises SimulatorError."""
    with _reading(request) as read:
        files, source = read.files, read.repository.source
        listed = [
            _listed(file.workflow, when(request)) if file.workflow is not None and file.is_valid else _invalid(file)
            for file in files.asked_files
        ]
        view = PlanView(event="", repository=read.repository.identity.full_name, sha=source.sha, workflows=listed)
        errors = [problem for file in files.asked_files if not file.is_valid for problem in file.problems]
        return Planned(view=view, problems=in_order(errors), invalid=bool(errors), starts=True, sources=files.sources)


@contextlib.contextmanager
def _reading(request: Request) -> Iterator[_Read]:
    root = find_root(request.repository)
    configuration = configured(request, root)
    with temporary_folder("plan") as folder:
        repository = read_repository(request, root, configuration, folder / "source.git")
        tree = CommitTree(repository.source)
        resolve = called_in_commit(repository.source, repository.identity, nothing_fetched)
        files = files_of_commit(tree, repository.source, request.workflows, repository.identity, resolve)
        actions = read_actions(configuration, unheard, offline=True, owner=repository.identity.owner)
        repository = with_actor(repository, configuration, files.valid())
        yield _Read(repository=repository, tree=tree, files=files, actions=actions, configuration=configuration)


def _require_event(request: Request) -> None:
    tagless = request.event in {"workflow_dispatch", "schedule"}
    if request.tag is None and (request.event == "release" or (request.branch is None and not tagless)):
        raise UsageError(
            "There is nothing to plan: no tag was given.",
            hint="Say which; or list all workflows, whatever starts them.",
            remedies=(remedy(Act.CHOOSE_TAG, "v1.2.3"), remedy(Act.LIST_WORKFLOWS)),
        )
    require_one_event(request)


def _planned(request: Request, read: _Read) -> Planned:
    repository, files = read.repository, read.files
    request, instead = choose_event(request, repository, files)
    started = start_workflows(request, repository, files.valid())
    choices = chosen(request, started, files.calls())
    late: list[Diagnostic] = []
    views = {item.workflow.path: _workflow(item, read, choices, late, when(request)) for item in started}
    ordered = [views.get(file.path) or _invalid(file) for file in files.asked_files]
    known = problems_of(files, read.tree, read.configuration, read.actions, when(request))
    told = {(each.code, each.span) for each in known}
    problems = in_order((*known, *(each for each in late if (each.code, each.span) not in told)))
    view = PlanView(
        event=_event(request, repository.identity),
        repository=repository.identity.full_name,
        sha=repository.source.sha,
        workflows=ordered,
        unheard=list(_unheard({each.path: each for each in files.valid()}, views)),
        notices=[
            *(notice.message for notice in (*repository.notices, *([instead] if instead else ()))),
            *_of_actions(read, started, when(request)),
        ],
        problems=problems,
    )
    return Planned(
        view=view,
        problems=problems,
        invalid=bool(starting_and_invalid(request, repository, files) or late),
        starts=any(item.match.starts for item in started),
        sources=files.sources,
    )


def _of_actions(read: _Read, started: Sequence[Started], now: float) -> Iterator[str]:
    """What there is to say of the actions that the workflows use, beside problems; nothing is fetched for it."""
    jobs = [job for item in started if item.match.starts for job in item.workflow.jobs.values()]
    for finding in foreseen(read.actions, read.tree.read, jobs, now):
        if finding.code not in {*FORECASTS, *FAULTS}:
            yield f"{finding.where}: {finding.message}"


def _event(request: Request, identity: RepositoryIdentity) -> str:
    what = f"tag {request.tag}" if request.tag else f"branch {request.branch or identity.default_branch}"
    if request.event == "release":
        return f"{'prerelease' if request.prerelease else 'release'} of {what}"
    return f"{request.event} of {what}"


def _invalid(file: WorkflowFile) -> WorkflowView:
    faults = (problem.message for problem in file.problems if problem.severity is Severity.ERROR)
    return WorkflowView(path=file.path, name=None, fault=next(faults, "it is not valid"))


def _listed(workflow: Workflow, now: float) -> WorkflowView:
    jobs = [
        JobView(
            key=job.id,
            id=job.id,
            name=job.name.source if job.name else job.id,
            line=job.span.line,
            needs=[need.value for need in job.needs],
            decision="later",
            condition=job.condition.source,
            environment=job.environment.name.source if job.environment else None,
            runs_on=[label.source for label in job.runs_on],
            image=image_of([label.source for label in job.runs_on], now) or "",
            calls=job.uses.value if job.uses else None,
        )
        for job in workflow.jobs.values()
    ]
    return WorkflowView(path=workflow.path, name=workflow.name, events=list(workflow.triggers), jobs=jobs)


def _workflow(
    item: Started, read: _Read, choices: Mapping[str, Choice], problems: list[Diagnostic], now: float
) -> WorkflowView:
    """What the event makes of a workflow; what is found wrong while it is planned is added to `problems`."""
    workflow, choice = item.workflow, choices.get(item.workflow.path)
    often = f", once for each of {', '.join(item.activities)}" if len(item.activities) > 1 else ""
    view = WorkflowView(
        path=workflow.path,
        name=workflow.name,
        events=list(workflow.triggers),
        starts=item.match.starts,
        reason=item.match.reason + often,
        place=item.match.span,
        rehearsed=choice is not None and choice.rehearsed,
        note=choice.reason if choice else "",
    )
    if not item.match.starts:
        return view
    try:
        planned = plan_of(read.repository, item, read.files.calls())
        require_valid_calls(planned)
    except InvalidWorkflowError as error:
        problems += error.diagnostics
        return replace(view, fault=str(error))
    return replace(view, jobs=list(_jobs(planned, now)))


# ---- jobs


def _jobs(planned: Plan, now: float, within: JobView | None = None) -> Iterator[JobView]:
    """The jobs, behind each caller those of what it calls; none where inputs that they depend on are not known yet."""
    for job in planned.jobs:
        view = _job(job, now, within)
        yield view
        inner = shown_plan(planned, job)
        if inner is not None:
            yield from _jobs(inner, now, view)


def _job(planned: PlannedJob, now: float, within: JobView | None) -> JobView:
    job = planned.job
    labels = list(planned.runs_on)
    decision = planned.decision
    return JobView(
        key=planned.key,
        id=job.id,
        name=planned.name,
        line=job.span.line,
        needs=list(planned.needs),
        decision="later" if within and within.decision == "later" and decision == "run" else decision,
        condition=job.condition.source,
        matrix=dict(planned.matrix),
        deferred=planned.deferred,
        always="always" in job.condition.expression.calls(),
        environment=planned.environment or (job.environment.name.source if job.environment else None),
        permissions=dict(planned.permissions),
        runs_on=labels,
        image=image_of(labels, now) or "",
        calls=job.uses.value if job.uses else None,
        within=within.key if within else None,
    )


# ---- what GITHUB_TOKEN does not start


def _unheard(workflows: Mapping[str, Workflow], views: Mapping[str, WorkflowView]) -> Iterator[UnheardView]:
    """Of the workflows that start first, then of the others."""
    for workflow in sorted(workflows.values(), key=lambda each: not views[each.path].starts):
        view = views[workflow.path]
        skipped = {job.id for job in view.jobs if job.decision == "skip"}
        for handover, listener, event in unheard_events(workflow, workflows.values()):
            if handover.job.id not in skipped:
                yield UnheardView(
                    maker=workflow.path,
                    job=handover.job.id,
                    what=handover.what,
                    made=handover.made,
                    listener=listener.path,
                    event=event,
                    place=handover.span,
                    happens=view.starts,
                )

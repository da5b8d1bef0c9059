"""What an event would make of a repository: every workflow with its reason, and the jobs of those that start.

Joins preparation and planning into the view that `report.plans` shows. Opens no sandbox and starts no server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from simulator.cli.configuration import Configuration
from simulator.cli.preparation import (
    Started,
    called_file,
    read_repository,
    read_workflows,
    repository_variables,
    server_contexts,
    start_workflows,
)
from simulator.cli.resolution import foreseen, read_actions
from simulator.cli.subject import RunOptions
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError
from simulator.planning.calls import shown_plan
from simulator.planning.choice import Choice, choose
from simulator.planning.model import Inherited, Plan, PlannedJob
from simulator.planning.permissions import default_permissions
from simulator.planning.plan import plan
from simulator.planning.runners import image_of
from simulator.rehearsal.handover import unheard
from simulator.report.plans.model import JobView, PlanView, UnheardView, WorkflowView
from simulator.run_events import Notice, RunEvent
from simulator.triggers.match import pattern_problems
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.repository import read_file
from simulator.workflow.calls import CalledWorkflow, load_calls
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A plan to show, and what is wrong with the files of the workflows that GitHub would not run."""

    view: PlanView
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]


@dataclass(slots=True)
class _Files:
    """The workflow files of a commit: those that are valid with their calls, and what is wrong with the others."""

    source: Source
    identity: RepositoryIdentity
    texts: dict[str, str]
    workflows: dict[str, Workflow] = field(default_factory=dict)
    calls: dict[str, Mapping[str, CalledWorkflow]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def load(self) -> None:
        for path, text in list(self.texts.items()):
            loaded = load_workflow(text, path)
            problems = list(loaded.diagnostics)
            if loaded.workflow is not None:
                called = load_calls(
                    loaded.workflow,
                    called_file(self.source, self.identity, lambda _: None),
                    default=default_permissions(self.identity.workflow_permissions),
                )
                self.texts.update(called.sources)
                problems += [*pattern_problems(loaded.workflow), *called.diagnostics]
            errors = [problem for problem in problems if problem.severity is Severity.ERROR]
            self.diagnostics += [replace(problem) for problem in errors]
            if loaded.workflow is not None and not errors:
                self.workflows[path], self.calls[path] = loaded.workflow, called.calls


def plan_repository(options: RunOptions, root: Path, clone: Path, configuration: Configuration) -> Planned:
    """Plan for the event of the options. Raises SimulatorError for what a run could not start with either."""
    notices: list[str] = []

    def emit(event: RunEvent) -> None:
        if isinstance(event, Notice):
            notices.append(event.message)

    identity, source = read_repository(options, root, configuration, clone, emit)
    texts = read_workflows(source, options.workflows)
    files = _Files(source=source, identity=identity, texts=dict(texts))
    files.load()
    variables = repository_variables(options, configuration)
    started = start_workflows(options, identity, source, list(files.workflows.values()))
    running = [item.workflow for item in started if item.match.starts]
    run_all = options.run_all or bool(options.workflows)
    choices = {choice.workflow.path: choice for choice in choose(running, files.calls, run_all=run_all)}
    views = {item.workflow.path: _workflow(item, files, choices, identity, variables) for item in started}
    ordered = [views.get(path) or _invalid(path, files.diagnostics) for path in texts]
    starting = [item.workflow for item in started if item.match.starts]
    notices += _of_actions(options, configuration, source, starting)
    view = PlanView(
        event=_event(options, identity),
        repository=identity.full_name,
        sha=source.sha,
        workflows=ordered,
        unheard=list(_unheard(files.workflows, views)),
        notices=notices,
    )
    return Planned(view=view, diagnostics=tuple(files.diagnostics), sources=files.texts)


def _of_actions(
    options: RunOptions, configuration: Configuration, source: Source, workflows: Sequence[Workflow]
) -> Iterator[str]:
    """What there is to say of the actions that the workflows use; nothing is fetched for it."""
    actions = read_actions(options, configuration, lambda _: None, offline=True)
    jobs = [job for workflow in workflows for job in workflow.jobs.values()]
    for finding in foreseen(actions, partial(read_file, source), jobs):
        yield f"{finding.where}: {finding.message}"


def list_repository(options: RunOptions, root: Path, clone: Path, configuration: Configuration) -> Planned:
    """The workflows and their jobs as they are written, whatever starts them."""
    identity, source = read_repository(options, root, configuration, clone, lambda _: None)
    texts = read_workflows(source, options.workflows)
    files = _Files(source=source, identity=identity, texts=dict(texts))
    files.load()
    listed = [_listed(files.workflows[path]) if path in files.workflows else _invalid(path, files.diagnostics)
              for path in texts]  # fmt: skip
    view = PlanView(event="", repository=identity.full_name, sha=source.sha, workflows=listed)
    return Planned(view=view, diagnostics=tuple(files.diagnostics), sources=files.texts)


def _event(options: RunOptions, identity: RepositoryIdentity) -> str:
    what = f"tag {options.tag}" if options.tag else f"branch {options.branch or identity.default_branch}"
    if options.event_name == "release":
        return f"{'prerelease' if options.prerelease else 'release'} of {what}"
    return f"{options.event_name} of {what}"


def _invalid(path: str, diagnostics: Sequence[Diagnostic]) -> WorkflowView:
    own = [each for each in diagnostics if path in {each.span.file, each.shown_at.file if each.shown_at else ""}]
    return WorkflowView(path=path, name=None, fault=own[0].message if own else "it is not valid")


def _listed(workflow: Workflow) -> WorkflowView:
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
            image=image_of([label.source for label in job.runs_on]) or "",
            calls=job.uses.value if job.uses else None,
        )
        for job in workflow.jobs.values()
    ]
    return WorkflowView(path=workflow.path, name=workflow.name, events=list(workflow.triggers), jobs=jobs)


def _workflow(
    item: Started,
    files: _Files,
    choices: Mapping[str, Choice],
    identity: RepositoryIdentity,
    variables: Mapping[str, str],
) -> WorkflowView:
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
        contexts = server_contexts(item, identity, variables)
        inherited = Inherited(default=default_permissions(identity.workflow_permissions))
        planned = plan(workflow, item.event, contexts=contexts, calls=files.calls[workflow.path], inherited=inherited)
    except InvalidWorkflowError as error:
        files.diagnostics += error.diagnostics
        return replace(view, fault=str(error))
    return replace(view, jobs=list(_jobs(planned)))


# ---- jobs


def _jobs(planned: Plan, within: JobView | None = None) -> Iterator[JobView]:
    """The jobs, behind each caller those of what it calls; none where inputs that they depend on are not known yet."""
    for job in planned.jobs:
        view = _job(job, within)
        yield view
        inner = shown_plan(planned, job)
        if inner is not None:
            yield from _jobs(inner, view)


def _job(planned: PlannedJob, within: JobView | None) -> JobView:
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
        image=image_of(labels) or "",
        calls=job.uses.value if job.uses else None,
        within=within.key if within else None,
    )


# ---- what GITHUB_TOKEN does not start


def _unheard(workflows: Mapping[str, Workflow], views: Mapping[str, WorkflowView]) -> Iterator[UnheardView]:
    """Of the workflows that start first, then of the others."""
    for workflow in sorted(workflows.values(), key=lambda each: not views[each.path].starts):
        view = views[workflow.path]
        skipped = {job.id for job in view.jobs if job.decision == "skip"}
        for handover, listener, event in unheard(workflow, workflows.values()):
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

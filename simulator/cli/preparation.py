"""From a repository and a tag to the plans that are rehearsed: source, workflows, events, matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from simulator.cli.configuration import Configuration
from simulator.cli.notes import notes
from simulator.cli.subject import RunOptions
from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import InvalidWorkflowError, UsageError
from simulator.expressions.language import Value
from simulator.indexes import indexes
from simulator.planning.choice import choose
from simulator.planning.model import Inherited, Plan
from simulator.planning.permissions import default_permissions
from simulator.planning.plan import plan
from simulator.run_events import EventSink, WorkflowConsidered
from simulator.runner.contexts import github_context
from simulator.spelling import suggest
from simulator.triggers import events
from simulator.triggers.match import match
from simulator.triggers.model import Event, Match, RepositoryIdentity, Source
from simulator.triggers.repository import find_ref, list_folder, read_file, read_identity, take_source
from simulator.workflow.calls import CalledFile, CalledWorkflow, Resolver, load_calls
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow

FOLDER = ".github/workflows"
Calls: TypeAlias = Mapping[str, Mapping[str, CalledWorkflow]]  # by the path of the caller's file, then by job id


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A workflow, the event as it sees it, and whether that starts it."""

    workflow: Workflow
    event: Event
    match: Match
    activities: tuple[str, ...] = ()  # all the activity types of one release that start it


def repository_variables(options: RunOptions, configuration: Configuration) -> dict[str, str]:
    """The `vars` context: what the user gives, and PYPI_URL, where a workflow finds PyPI's site."""
    site = f"https://{indexes()['pypi'].main_host}"
    return {"PYPI_URL": site, **configuration.variables, **options.variables}


def read_repository(
    options: RunOptions, root: Path, configuration: Configuration, clone: Path, emit: EventSink
) -> tuple[RepositoryIdentity, Source]:
    """Who the repository is, and a private clone of what is rehearsed."""
    given = configuration.repository
    identity = read_identity(
        root,
        owner=given.owner,
        name=given.name,
        visibility=given.visibility,
        default_branch=given.default_branch,
    )
    identity = replace(
        identity,
        actor=configuration.actor or identity.actor,
        run=configuration.run,
        workflow_permissions=given.workflow_permissions or identity.workflow_permissions,
    )
    source = take_source(
        root,
        clone,
        tag=options.tag,
        branch=options.branch,
        worktree=options.source == "worktree",
        default_branch=identity.default_branch,
    )
    for note in notes(identity, source, tag=options.tag, named=given.owner is not None):
        emit(note)
    return identity, source


def load_workflows(source: Source, chosen: Sequence[str]) -> tuple[Workflow, ...]:
    """The workflows of the rehearsed commit, or the chosen ones. Raises InvalidWorkflowError with all diagnostics."""
    texts = read_workflows(source, chosen)
    loaded = [load_workflow(text, path) for path, text in texts.items()]
    workflows = tuple(result.workflow for result in loaded if result.workflow is not None)
    if len(workflows) < len(loaded):
        raise _invalid([item for result in loaded for item in result.diagnostics], texts)
    return workflows


def _invalid(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> InvalidWorkflowError:
    return InvalidWorkflowError(
        "The workflow is not valid.",
        hint="Mend the places above; GitHub would refuse it too.",
        diagnostics=diagnostics,
        sources=sources,
    )


def load_called(source: Source, identity: RepositoryIdentity, workflows: Iterable[Workflow], fetch: Resolver) -> Calls:
    """What the jobs of the workflows call; `fetch` gives the files of other repositories.

    Raises InvalidWorkflowError with all diagnostics, and what `fetch` raises.
    """
    resolve = called_file(source, identity, fetch)
    default = default_permissions(identity.workflow_permissions)
    found = {workflow.path: load_calls(workflow, resolve, default=default) for workflow in workflows}
    problems = [item for loaded in found.values() for item in loaded.diagnostics]
    if any(problem.severity is Severity.ERROR for problem in problems):
        sources = {name: text for loaded in found.values() for name, text in loaded.sources.items()}
        sources |= {path: _text(source, path) for path in found}
        raise _invalid(problems, sources)
    return {path: loaded.calls for path, loaded in found.items()}


def called_file(source: Source, identity: RepositoryIdentity, fetch: Resolver) -> Resolver:
    """Finds the files that jobs call: in the rehearsed commit, in this repository at another ref, else by `fetch`."""

    def find(reference: str) -> str | bytes | CalledFile | None:
        if reference.startswith("./"):
            return read_file(source, reference.removeprefix("./"))
        place, _, ref = reference.partition("@")
        owner, name, path = place.split("/", 2)
        if f"{owner}/{name}".lower() != identity.full_name.lower():
            return fetch(reference)
        found = find_ref(source, ref)
        if found is None:
            return None
        full, sha = found
        text = read_file(replace(source, sha=sha), path)
        return None if text is None else CalledFile(text=text, ref=full, sha=sha)

    return find


def read_workflows(source: Source, chosen: Sequence[str]) -> dict[str, str]:
    """The texts of the workflow files of the rehearsed commit, or of the chosen ones, by path. Raises UsageError."""
    paths = [path for path in list_folder(source, FOLDER) if path.endswith((".yml", ".yaml"))]
    if not paths and (source.root / FOLDER).is_dir() and not source.snapshot:
        raise UsageError(
            f"Commit {source.sha[:10]} holds no workflow in {FOLDER}, though the folder does.",
            hint="Commit it, or rehearse the files as they are with --source worktree.",
        )
    if not paths:
        raise no_workflow(source.root)
    return {path: _text(source, path) for path in _chosen(paths, chosen)}


def no_workflow(root: Path) -> UsageError:
    """The error for a repository without workflows."""
    return UsageError(
        f"There is no workflow in {FOLDER} of {root}.", hint="Add one and commit it, or name the repository with -C."
    )


def _chosen(paths: Sequence[str], wanted: Sequence[str]) -> list[str]:
    if not wanted:
        return list(paths)
    names = {PurePosixPath(path).name: path for path in paths}
    for name in wanted:
        if PurePosixPath(name).name not in names:
            raise UsageError(f"There is no workflow {name} in {FOLDER}.", hint=suggest(name, names))
    return [names[PurePosixPath(name).name] for name in wanted]


def _text(source: Source, path: str) -> str:
    return (read_file(source, path) or b"").decode("utf-8", "replace")


def start_workflows(
    options: RunOptions, identity: RepositoryIdentity, source: Source, workflows: Sequence[Workflow]
) -> tuple[Started, ...]:
    """What the event means to each workflow."""
    if options.event_name == "workflow_dispatch":
        return _dispatch(options, identity, source, workflows)
    if options.event_name == "release":
        return tuple(_release(options, identity, source, item) for item in workflows)
    if options.tag is not None:
        event = events.push_tag(identity, source, tag=options.tag)
    else:
        assert options.branch is not None
        event = events.push_branch(identity, source, branch=options.branch)
    return tuple(Started(workflow=item, event=event, match=match(item, event)) for item in workflows)


def _release(options: RunOptions, identity: RepositoryIdentity, source: Source, workflow: Workflow) -> Started:
    """The first activity of a new release that starts the workflow; GitHub delivers one event for each of them."""
    tag, prerelease = options.tag, options.prerelease
    assert tag is not None
    actions = ("published", "prereleased" if prerelease else "released", "created")
    made = [events.release(identity, source, tag=tag, action=action, prerelease=prerelease) for action in actions]
    found = [(event, match(workflow, event)) for event in made]
    event, chosen = next((pair for pair in found if pair[1].starts), found[0])
    often = tuple(event.action for event, result in found if event.action and result.starts)
    return Started(workflow=workflow, event=event, match=chosen, activities=often)


def _dispatch(
    options: RunOptions, identity: RepositoryIdentity, source: Source, workflows: Sequence[Workflow]
) -> tuple[Started, ...]:
    able = [item for item in workflows if "workflow_dispatch" in item.triggers]
    if len(able) > 1 and not options.workflows:
        raise UsageError(
            f"{len(able)} workflows can be dispatched: {', '.join(PurePosixPath(w.path).name for w in able)}.",
            hint="Choose one with -W.",
        )
    ref = f"refs/tags/{options.tag}" if options.tag else f"refs/heads/{options.branch or identity.default_branch}"
    started: list[Started] = []
    for item in workflows:
        trigger = item.triggers.get("workflow_dispatch")
        event = events.workflow_dispatch(
            identity, source, workflow=item, ref=ref, inputs=options.inputs if trigger else {}
        )
        started.append(Started(workflow=item, event=event, match=match(item, event)))
    return tuple(started)


def plan_started(
    options: RunOptions,
    identity: RepositoryIdentity,
    started: Sequence[Started],
    variables: Mapping[str, str],
    emit: EventSink,
    calls: Calls | None = None,
) -> tuple[Plan, ...]:
    """Plan the workflows that are rehearsed, and say of each workflow whether it starts and why."""
    calls = calls or {}
    running = [item.workflow for item in started if item.match.starts]
    run_all = options.run_all or bool(options.workflows)
    chosen = {choice.workflow.path: choice for choice in choose(running, calls, run_all=run_all)}
    several = sum(choice.rehearsed for choice in chosen.values()) > 1
    plans: list[Plan] = []
    for item in started:
        choice = chosen.get(item.workflow.path)
        rehearsed = choice is not None and choice.rehearsed
        reason = item.match.reason if choice is None or rehearsed else f"{item.match.reason}; {choice.reason}"
        emit(WorkflowConsidered(path=item.workflow.path, starts=item.match.starts, rehearsed=rehearsed, reason=reason))
        if rehearsed:
            path = item.workflow.path
            # Two workflows may have a job of the same id.
            stem = f"{PurePosixPath(path).stem}/" if several else ""
            contexts = server_contexts(item, identity, variables)
            inherited = Inherited(
                key_prefix=stem, name_prefix=stem, default=default_permissions(identity.workflow_permissions)
            )
            plans.append(plan(item.workflow, item.event, contexts=contexts, calls=calls.get(path), inherited=inherited))
    return tuple(plans)


def server_contexts(item: Started, identity: RepositoryIdentity, variables: Mapping[str, str]) -> dict[str, Value]:
    """The contexts that GitHub evaluates on its server: github, vars, inputs."""
    return {
        "github": github_context(item.workflow, item.event, identity),
        "vars": dict(variables),
        "inputs": dict(item.event.inputs),
    }

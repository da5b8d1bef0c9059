"""Which jobs may mint a token, and with which claims: plans them under the event that starts their workflow.

Opens no sandbox. What the indexes say to the claims is `token_views`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from simulator.configuration.values import Configuration
from simulator.errors import UsageError
from simulator.expressions.language import Value
from simulator.operations.chosen_event import choose_event
from simulator.operations.configured import configured
from simulator.operations.plans import plan_of
from simulator.operations.request import EventName, Request, require_one_event, when
from simulator.operations.source import Repository, read_repository
from simulator.operations.starting import Started, start_workflows, starting_and_invalid
from simulator.operations.token_views import Minter, Registered, kept_projects, token_views
from simulator.operations.trees import CommitTree
from simulator.operations.workflow_files import WorkflowFiles, called_in_commit, files_of_commit, nothing_fetched
from simulator.paths import temporary_folder
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import PlannedJob
from simulator.rehearsal.credentials import indexes_of
from simulator.rehearsal.projects import project_names, pyproject_files
from simulator.remedies import Act, remedy
from simulator.report.explanations import TokenView
from simulator.runner.contexts import oidc_claims
from simulator.triggers.model import RepositoryIdentity
from simulator.triggers.repository import STAND_IN, find_root
from simulator.workflow.model import Workflow

# What stands for an event that is not given: the first of these that starts a workflow, else the first of all.
_ANY: Final[Sequence[tuple[str | None, EventName]]] = (
    ("v0.0.0", "push"),
    ("0.0.0", "push"),
    ("v0.0.0", "release"),
    (None, "workflow_dispatch"),
)


def explain_tokens(request: Request) -> tuple[TokenView, ...]:
    """The jobs that may mint a token, and what the indexes say to them; without a tag or branch, of all workflows.

    Raises UsageError where the event starts no workflow, InvalidWorkflowError for a file that the event may start, and
    other SimulatorErrors.
    """
    require_one_event(request)
    root = find_root(request.repository)
    configuration = configured(request, root)
    with temporary_folder("oidc") as folder:
        now = when(request)
        registered = Registered(projects=kept_projects(root, folder / "index"), now=now)
        return tuple(_explained(request, root, folder / "source.git", configuration, registered))


def _explained(
    request: Request, root: Path, clone: Path, configuration: Configuration, registered: Registered
) -> Sequence[TokenView]:
    chosen = request.tag is not None or request.branch is not None or request.event not in {None, "push"}
    imagined = request.tag is None and (not chosen or request.event == "release")
    if imagined:  # also a release has a tag
        request = replace(request, tag=_ANY[0][0])
    repository = read_repository(request, root, configuration, clone)
    resolve = called_in_commit(repository.source, repository.identity, nothing_fetched)
    files = files_of_commit(
        CommitTree(repository.source), repository.source, request.workflows, repository.identity, resolve
    )
    request, _ = choose_event(request, repository, files)
    _require_valid(request, repository, files, chosen=chosen)
    if chosen:
        started = [item for item in start_workflows(request, repository, files.valid()) if item.match.starts]
    else:
        started = [_imagined(request, repository, item) for item in files.valid()]
    if not started:
        hint = "The plan says why. Without a tag, a branch and an event, the jobs of all workflows are explained."
        raise UsageError(
            "The event starts no workflow, so no job has an ID token.", hint=hint, remedies=(remedy(Act.SHOW_PLAN),)
        )
    minters = [
        minter for item in started for minter in _minters(item, repository, files, configuration, imagined=imagined)
    ]
    projects = project_names(pyproject_files(CommitTree(repository.source)))
    return token_views(minters, configuration.publishers, projects, registered)


def _require_valid(request: Request, repository: Repository, files: WorkflowFiles, *, chosen: bool) -> None:
    """Raise InvalidWorkflowError for a file that the event may start, or for any where no event is chosen."""
    invalid = (
        starting_and_invalid(request, repository, files)
        if chosen
        else [file.path for file in files.asked_files if not file.is_valid]
    )
    if invalid:
        raise files.invalid(invalid)


def _minters(
    item: Started, repository: Repository, files: WorkflowFiles, configuration: Configuration, *, imagined: bool
) -> Iterator[Minter]:
    """The jobs of a workflow that may mint a token."""
    identity = repository.identity
    bare = replace(repository, variables={})
    for inner, job in foreseen_jobs(plan_of(repository, item, files.calls())):
        if job.decision != "skip" and job.permissions.get("id-token") == "write":
            github = cast("Mapping[str, Value]", bare.contexts(item.workflow, item.event)["github"])
            claims = oidc_claims(github, identity, inner, job)
            yield Minter(
                job=job,
                event=_words(item, imagined=imagined),
                claims={**claims, **_of_call(job, claims)},
                indexes=indexes_of(job.workflow, job.job),
                notes=(*_stand_in(identity, configuration), *_notes(item, job)),
            )


def _imagined(request: Request, repository: Repository, workflow: Workflow) -> Started:
    """A workflow under the first event that starts it; for one that none of them starts, the push of a tag."""
    tries: list[Started] = []
    for tag, name in _ANY:
        if name != "workflow_dispatch" or name in workflow.triggers:
            (item,) = start_workflows(replace(request, tag=tag, event=name), repository, [workflow])
            if item.match.starts:
                return item
            tries.append(item)
    return tries[0]


def _words(item: Started, *, imagined: bool) -> str:
    """`on the push of tag v1`, and where a tag stands for any."""
    event = item.event
    kind = event.name.replace("_", " ")
    words = f"{kind} of {event.ref_type} {event.ref_name}"
    return f"{words}, which stands for any" if imagined and event.ref_type == "tag" else words


def _of_call(job: PlannedJob, claims: Mapping[str, str]) -> dict[str, str]:
    """The file of the jobs behind a call that is not looked into: the ref of another repository as it is written."""
    if job.job.uses is None:
        return {}
    called = job.job.uses.value
    own = f"{claims['repository']}/{called.removeprefix('./')}@{claims['ref']}"
    return {"job_workflow_ref": own if called.startswith("./") else called}


def _stand_in(identity: RepositoryIdentity, configuration: Configuration) -> Iterator[str]:
    if identity.owner == STAND_IN and configuration.repository.owner is None:
        yield (
            f"No remote says which repository on GitHub this is, so {identity.full_name} stands in for it: set owner "
            f"and name under {configuration.table('repository')}."
        )


def _notes(item: Started, job: PlannedJob) -> Iterator[str]:
    """What the claims do not tell, as they come from a plan."""
    if not item.match.starts:
        yield (
            f"The push of a tag does not start this workflow ({item.match.reason}): its tokens name another event "
            "and perhaps another ref."
        )
    if job.job.uses is not None:
        yield f"It calls {job.job.uses.value}, which was not looked into: the environments of its jobs are not known."
    if job.deferred and job.job.environment is not None:
        yield f"Its environment is known when it runs: {job.job.environment.name.source}."

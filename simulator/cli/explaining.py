"""Which jobs may mint a token, and with which claims: plans them under the event that starts their workflow.

Opens no sandbox. What the indexes say to the claims is `token_views`'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from simulator.cli.configuration import Configuration
from simulator.cli.preparation import (
    Started,
    load_called,
    load_workflows,
    read_repository,
    repository_variables,
    server_contexts,
    start_workflows,
)
from simulator.cli.subject import RunOptions
from simulator.cli.token_views import Minter, Registered, token_views
from simulator.errors import UsageError
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Inherited, PlannedJob
from simulator.planning.permissions import default_permissions
from simulator.planning.plan import plan
from simulator.rehearsal.credentials import indexes_of
from simulator.rehearsal.projects import project_names
from simulator.report.explanations import TokenView
from simulator.runner.contexts import oidc_claims
from simulator.triggers.model import RepositoryIdentity, Source
from simulator.triggers.repository import STAND_IN, find_files, read_file
from simulator.workflow.model import Workflow

# What stands for an event that is not given: the first of these that starts a workflow, else the first of all.
_EventName = Literal["push", "release", "workflow_dispatch"]
_ANY: Final[Sequence[tuple[str | None, _EventName]]] = (
    ("v0.0.0", "push"),
    ("0.0.0", "push"),
    ("v0.0.0", "release"),
    (None, "workflow_dispatch"),
)


def explain(
    options: RunOptions, root: Path, clone: Path, configuration: Configuration, registered: Registered
) -> Sequence[TokenView]:
    """The jobs that may mint a token; without a tag or branch, those of all workflows.

    Raises UsageError where the event starts no workflow, and other SimulatorErrors.
    """
    chosen = options.tag is not None or options.branch is not None or options.event_name != "push"
    imagined = options.tag is None and (not chosen or options.event_name == "release")
    if imagined:  # also a release has a tag
        options = replace(options, tag=_ANY[0][0])
    identity, source = read_repository(options, root, configuration, clone, lambda _: None)
    workflows = load_workflows(source, options.workflows)
    if chosen:
        started = [item for item in start_workflows(options, identity, source, workflows) if item.match.starts]
    else:
        started = [_imagined(options, identity, source, item) for item in workflows]
    if not started:
        hint = "pysim plan says why. Without --tag, --branch and --event, the jobs of all workflows are explained."
        raise UsageError("The event starts no workflow, so no job has an ID token.", hint=hint)
    calls = load_called(source, identity, (item.workflow for item in started), lambda _: None)
    files = [(path, read_file(source, path) or b"") for path in find_files(source, "pyproject.toml")]
    variables = repository_variables(options, configuration)
    minters: list[Minter] = []
    for item in started:
        inherited = Inherited(default=default_permissions(identity.workflow_permissions))
        contexts = server_contexts(item, identity, variables)
        planned = plan(
            item.workflow, item.event, contexts=contexts, calls=calls.get(item.workflow.path), inherited=inherited
        )
        for inner, job in foreseen_jobs(planned):
            if job.decision != "skip" and job.permissions.get("id-token") == "write":
                claims = oidc_claims(server_contexts(item, identity, {})["github"], identity, inner, job)  # type: ignore[arg-type]
                claims |= _of_call(job, claims)
                minters.append(
                    Minter(
                        job=job,
                        event=_words(item, imagined=imagined),
                        claims=claims,
                        indexes=indexes_of(job.workflow, job.job),
                        notes=(*_stand_in(identity, configuration), *_notes(item, job)),
                    )
                )
    return token_views(minters, configuration.publishers, project_names(files), registered)


def _imagined(options: RunOptions, identity: RepositoryIdentity, source: Source, workflow: Workflow) -> Started:
    """A workflow under the first event that starts it; for one that none of them starts, the push of a tag."""
    tries: list[Started] = []
    for tag, name in _ANY:
        if name != "workflow_dispatch" or name in workflow.triggers:
            (item,) = start_workflows(replace(options, tag=tag, event_name=name), identity, source, [workflow])
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

"""What an index would say to the ID token of each job that may have one: plans the jobs, opens no sandbox.

Asks the lookup of the index's own stand-in, so that both say the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

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
from simulator.cli.publisher_form import form_page
from simulator.cli.subject import RunOptions
from simulator.indexes import TITLES
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Place, Plan, PlannedJob
from simulator.planning.permissions import default_permissions
from simulator.planning.plan import plan
from simulator.rehearsal.projects import project_names
from simulator.rehearsal.publishers import implied_publishers
from simulator.report.explanations import PublisherView, TokenView
from simulator.run_events import ClaimCheck
from simulator.runner.contexts import oidc_claims
from simulator.triggers.model import RepositoryIdentity
from simulator.triggers.repository import find_files, read_file
from simulator.twins.base import Publisher
from simulator.twins.pypi.publishers import MISSING, NoPublisherError, compare, look_up, registration

ANY_TAG: Final = "v0.0.0"  # stands for a tag that is not given
_CALLED: Final = """\
This job stands in a workflow that another one calls, which PyPI does not support. Its token names both files:
  workflow_ref      {workflow_ref}
                    the file that the event started: the certificate that signs attestations names it
  job_workflow_ref  {job_workflow_ref}
                    the file of the job: PyPI looks for a publisher of this file, in the repository of the run
{result} Move the publishing job into the file that the event starts."""
_OTHER_REPOSITORY: Final = "The file lies in another repository, so PyPI gives no token, whatever is registered."
_SAME_REPOSITORY: Final = (
    "PyPI gives a token to a publisher of the called file, and then refuses uploads with attestations (the default), "
    "as their certificate names the calling file."
)


def explain(options: RunOptions, root: Path, clone: Path, configuration: Configuration) -> Sequence[TokenView]:
    """The jobs that may mint a token; without a tag or branch, those of all workflows. Raises SimulatorError."""
    chosen = options.tag is not None or options.branch is not None or options.event_name != "push"
    options = options if chosen else replace(options, tag=ANY_TAG)
    identity, source = read_repository(options, root, configuration, clone, lambda _: None)
    started = start_workflows(options, identity, source, load_workflows(source, options.workflows))
    started = tuple(item for item in started if item.match.starts or not chosen)
    calls = load_called(source, identity, (item.workflow for item in started), lambda _: None)
    variables = repository_variables(options, configuration)
    files = [(path, read_file(source, path) or b"") for path in find_files(source, "pyproject.toml")]
    projects = project_names(files)
    views: list[TokenView] = []
    for item in started:
        contexts = server_contexts(item, identity, variables)
        place = Place(default=default_permissions(identity.workflow_permissions))
        planned = plan(item.workflow, item.event, contexts=contexts, calls=calls.get(item.workflow.path), place=place)
        for inner, job in foreseen_jobs(planned):
            if job.decision != "skip" and job.permissions.get("id-token") == "write":
                views.append(_token(item, inner, job, identity, configuration, projects))
    return views


def _token(
    item: Started,
    inner: Plan,
    job: PlannedJob,
    identity: RepositoryIdentity,
    configuration: Configuration,
    projects: Sequence[str],
) -> TokenView:
    path = job.workflow.path.partition("@")[0]
    claims = oidc_claims(server_contexts(item, identity, {})["github"], identity, inner, job)  # type: ignore[arg-type]
    claims |= _of_call(job, claims)
    verdicts = dict(_verdicts(configuration.publishers, claims))
    return TokenView(
        job=job.key,
        file=path,
        claims=claims,
        publishers=[_beside(each, claims) for each in configuration.publishers],
        verdicts=list(verdicts),
        refused=bool(verdicts) and not any(verdicts.values()),
        notes=[*_notes(item, job, claims), *([] if configuration.publishers else _implied(job, identity, projects))],
    )


def _of_call(job: PlannedJob, claims: Mapping[str, str]) -> dict[str, str]:
    """The file of the jobs behind a call that is not looked into: the ref of another repository as it is written."""
    if job.job.uses is None:
        return {}
    called = job.job.uses.value
    own = f"{claims['repository']}/{called.removeprefix('./')}@{claims['ref']}"
    return {"job_workflow_ref": own if called.startswith("./") else called}


def _verdicts(publishers: Sequence[Publisher], claims: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """What each index says that a publisher is declared for, and whether it gives a token."""
    for index in dict.fromkeys(publisher.index for publisher in publishers):
        here = [each for each in publishers if each.index == index and not registration(each).is_expired(time.time())]
        try:
            row = look_up([registration(each) for each in here], {**claims, "jti": "new"})
        except NoPublisherError as error:
            yield f"{TITLES[index]} refuses: valid token, but no corresponding publisher ({error})", False
        else:
            names = dict.fromkeys(each.project for each in here if registration(each).id == row.id)
            yield f"{TITLES[index]} gives a token for {', '.join(names)}", True


def _beside(publisher: Publisher, claims: Mapping[str, str]) -> PublisherView:
    row = registration(publisher)
    checks = compare(row, claims)
    refusal = None
    try:
        look_up([row], {**claims, "jti": "new"})
    except NoPublisherError as error:
        refusal = str(error)
    if row.is_expired(time.time()):
        refusal = "a pending publisher expires 30 days after it was registered"
    pending = ", pending" if publisher.pending else ""
    return PublisherView(
        title=f"of {publisher.project} on {TITLES[publisher.index]}{pending}: {row}",
        checks=checks,
        refusal=refusal,
        fixes=list(_fixes(checks)),
    )


def _fixes(checks: Sequence[ClaimCheck]) -> Iterator[str]:
    wrong = {check.claim: check for check in checks if not check.ok}
    if found := wrong.get("repository"):
        case = found.value.lower() == found.expected.lower()
        exact = " PyPI compares the case of letters, too." if case else ""
        yield (
            f"the publisher says {found.expected}, this repository is {found.value}: register {found.value}, or set "
            f"owner and name under [repository] when GitHub knows it as {found.expected}.{exact}"
        )
    if found := wrong.get("workflow"):
        yield (
            f"the publisher says {found.expected}, this file is {found.value}: register {found.value}, or rename "
            f"the file to {found.expected}."
        )
    if found := wrong.get("environment"):
        has = "has none" if found.value == MISSING else f"has {found.value}"
        yield (
            f"the publisher says the environment {found.expected}, this job {has}: write `environment: "
            f"{found.expected}` in the job, or change the publisher."
        )


def _notes(item: Started, job: PlannedJob, claims: Mapping[str, str]) -> Iterator[str]:
    if not item.match.starts:
        yield "The push of a tag does not start this workflow: its tokens name another event and perhaps another ref."
    if job.job.uses is not None:
        yield f"It calls {job.job.uses.value}, which was not looked into: the environments of its jobs are not known."
    if job.deferred and job.job.environment is not None:
        yield f"Its environment is known when it runs: {job.job.environment.name.source}."
    if claims["workflow_ref"] != claims["job_workflow_ref"]:
        own = claims["job_workflow_ref"].startswith(f"{claims['repository']}/")
        yield _CALLED.format(**claims, result=_SAME_REPOSITORY if own else _OTHER_REPOSITORY)
    if claims["event_name"] == "pull_request_target":
        yield "PyPI takes no token of a workflow that pull_request_target started."


def _implied(job: PlannedJob, identity: RepositoryIdentity, projects: Sequence[str]) -> Iterator[str]:
    """The values for the form of the index, when nothing is declared."""
    path = job.workflow.path.partition("@")[0]
    made = implied_publishers(
        projects or ("PROJECT",),
        repository=identity.full_name,
        workflow_path=path,
        environment=job.environment,
    )
    for publisher in made:
        if publisher.index == "pypi":
            yield (
                "No publisher is declared. PyPI's form wants these:\n"
                f"  owner {identity.owner}, repository {identity.name}, workflow {PurePosixPath(path).name}, "
                f"environment {publisher.environment or '(empty: any)'}\n"
                f"  {form_page(publisher)}"
            )

"""An open rehearsal: the twins are there, the engine is chosen, and jobs can run in it."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from simulator.configuration.model import RulesetSettings
from simulator.engines.base import Engine
from simulator.engines.host import HostSettings, host_settings
from simulator.operations.actions import Actions
from simulator.operations.gates import gate_of
from simulator.operations.inspection import Inspection
from simulator.operations.kept_state import kept_state
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.secrets import Secrets, rehearsal_secrets
from simulator.operations.source import lines_of
from simulator.paths import authority_folder
from simulator.planning.calls import all_jobs
from simulator.planning.choice import may_publish
from simulator.planning.model import Plan, PlannedJob
from simulator.rehearsal.distributions import excessive_in_artifacts, in_artifacts, named_in_artifacts
from simulator.rehearsal.job_uploads import uploads_of
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.projects import setup_name
from simulator.rehearsal.publishers import implied_publishers
from simulator.rehearsal.rules.release import publishing_of
from simulator.run_events import EventSink, RunEvent
from simulator.runner.model import JobResult, Portion, RunSettings
from simulator.runner.run import Run
from simulator.triggers.repository import STAND_IN, read_file
from simulator.triggers.submodules import submodule_copies
from simulator.twins.base import Ruleset
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.server import LocalTwins
from simulator.twins.settings import TwinSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRehearsal:
    """All that the jobs of a rehearsal share."""

    prepared: PreparedRehearsal
    engine: Engine
    twins: LocalTwins
    host: HostSettings
    observer: Observer
    report: EventSink
    secrets: Secrets
    inspection: Inspection


@contextlib.contextmanager
def open_rehearsal(
    prepared: PreparedRehearsal,
    engine: Engine,
    observer: Observer,
    report: EventSink,
    emit: EventSink | None = None,
) -> Iterator[OpenRehearsal]:
    """Start the twins, whose events go to `emit` or else to the observer, and give the jobs their secrets.

    The twins end with the context.
    """
    host, emit = host_settings(), emit or observer
    with LocalTwins(_twin_settings(prepared, host), emit, clock=clock_from(prepared.request.now)) as twins:
        secrets = rehearsal_secrets(prepared, lambda known_to: twins.upload_token(*known_to), observer)
        for secret in (*secrets.tokens, *host.secrets):
            prepared.masker.add(secret)
        yield OpenRehearsal(
            prepared=prepared,
            engine=engine,
            twins=twins,
            host=host,
            observer=observer,
            report=report,
            secrets=secrets,
            inspection=Inspection(prepared, observer),
        )


def run_jobs(
    rehearsal: OpenRehearsal, workflows: Sequence[RunSettings], actions: Actions
) -> tuple[tuple[JobResult, ...], tuple[Portion, ...]]:
    """Run the jobs of workflows; their results, and what became of each workflow.

    Raises CancelledError when the rehearsal was cancelled, after its jobs have ended.
    """
    cancellation = rehearsal.prepared.cancellation
    cancellation.require_going()
    run = Run(workflows, actions.resolve_step, rehearsal.prepared.masker)
    with cancellation.ending(run.abandon):
        results = run.execute()
    cancellation.require_going()
    return results, run.portions()


def clock_from(start: float | None) -> Callable[[], float]:
    """The clock of the twins: the machine's, or one that shows `start` at this moment and goes on from there."""
    if start is None:
        return time.time
    ahead = start - time.time()
    return lambda: time.time() + ahead


def _twin_settings(prepared: PreparedRehearsal, host: HostSettings) -> TwinSettings:
    return TwinSettings(
        run_id=prepared.folder.id,
        folder=prepared.place or prepared.folder.path,
        repository=prepared.identity.full_name,
        default_branch=prepared.identity.default_branch,
        clone=prepared.source.clone,
        cache=kept_state(prepared.root).cache,
        publishers=prepared.configuration.publishers,
        baseline=kept_state(prepared.root).index,
        authority=authority_folder(),
        host_ca=host.ca_bundle,
        index_url=host.index_url,
        extra_index_urls=host.extra_index_urls,
        proxies=host.proxies,
        ports=(*host.ports, *_ports_of_indexes(prepared)),
        offline=prepared.request.offline,
        facts=_facts(prepared),
        copies=submodule_copies(prepared.source, prepared.identity) if prepared.request.offline else {},
        faults=prepared.faults,
        mask=lambda job_id, text: prepared.masker.of(job_id).mask(text),
    )


def _ports_of_indexes(prepared: PreparedRehearsal) -> Iterator[int]:
    """The ports that are written in the addresses of indexes: a sandbox listens on those that it is told of."""
    for plan in prepared.plans:
        for workflow, job in all_jobs(plan):
            for step in uploads_of(workflow, job, partial(read_file, prepared.source)):
                yield from (each.port for each in step.destinations if each.port)


def _facts(prepared: PreparedRehearsal) -> RepositoryFacts:
    """What GitHub knows before the run: of a rehearsed `release` event, its release is there."""
    identity, configuration = prepared.identity, prepared.configuration
    payloads = (item.event.payload.get("release") for item in prepared.plans)
    releases = {str(found["id"]): found for found in payloads if isinstance(found, Mapping)}
    declared = {job.environment: None for item in prepared.plans for job in item.jobs if job.environment}
    return RepositoryFacts(
        id=int(identity.id),
        owner_id=int(identity.owner_id),
        named=identity.owner != STAND_IN or configuration.repository.owner is not None,
        immutable_releases=configuration.repository.immutable_releases,
        rulesets=tuple(_ruleset(each) for each in configuration.repository.rulesets),
        visibility=identity.visibility,
        default_branch=identity.default_branch,
        actor=identity.actor,
        actor_id=int(identity.actor_id),
        releases=tuple(releases.values()),
        environments=tuple(dict.fromkeys([*configuration.environments, *declared])),
        jobs={job.key: job.name for item in prepared.plans for job in item.jobs},
        user_tokens=frozenset(configuration.all_secrets),
    )


def _ruleset(each: RulesetSettings) -> Ruleset:
    return Ruleset(
        name=each.name,
        target=each.target,
        include=each.include,
        exclude=each.exclude,
        rules=each.rules,
        bypass=each.bypass,
    )


def run_number() -> str:
    """GitHub's id of a run."""
    return str(secrets.randbelow(9_000_000_000) + 1_000_000_000)


def run_settings(rehearsal: OpenRehearsal, item: Plan, number: str | None = None) -> RunSettings:
    """What the run of a plan needs; `number` is GitHub's id of the run, a new one where it is not given."""
    prepared = rehearsal.prepared
    number = number or run_number()
    return RunSettings(
        run_id=prepared.folder.id,
        number=number,
        plan=item,
        identity=prepared.identity,
        variables=prepared.repository.variables,
        secrets=rehearsal.secrets.repository,
        environment_secrets=rehearsal.secrets.environments,
        engine=rehearsal.engine,
        twins=rehearsal.twins,
        gate=gate_of(prepared, item, rehearsal.observer),
        hold=_holder(rehearsal, item, number),
        supplied=tuple(prepared.request.artifacts),
        emit=partial(_told, rehearsal),
        sandbox_environment=rehearsal.host.environment,
        mounts=rehearsal.host.mounts,
        quote=lines_of(prepared.source),
        debug=prepared.request.debug,
        images=prepared.actions.images,
        offline=prepared.request.offline,
    )


def _told(rehearsal: OpenRehearsal, event: RunEvent) -> None:
    rehearsal.twins.hear(event)
    rehearsal.observer(event)


# ---- before a job that publishes


def _holder(rehearsal: OpenRehearsal, item: Plan, number: str) -> Callable[[PlannedJob], str | None]:
    """Before a publishing job: do the built files agree with the tag, and which publisher does it imply?"""

    def hold(job: PlannedJob) -> str | None:
        if not may_publish(job.workflow, job.job):
            return None
        artifacts = [found for found in rehearsal.twins.artifacts() if found.workflow_run == number]
        built = in_artifacts(artifacts)
        refused = rehearsal.inspection.judge_built(item, built, excessive_in_artifacts(artifacts))
        if not rehearsal.prepared.configuration.publishers:
            projects = tuple(dict.fromkeys(found.project for found in built))
            _assume(rehearsal, job, projects or named_in_artifacts(artifacts))
        return refused

    return hold


def _assume(rehearsal: OpenRehearsal, job: PlannedJob, projects: Sequence[str]) -> None:
    """For a project that neither a built file nor the repository names, that of the repository's own name."""
    around, repository = rehearsal.inspection.around, rehearsal.prepared.identity.full_name
    publishers = implied_publishers(
        projects
        or tuple(around.projects)
        or (setup_name(around.tree) or canonicalize_name(PurePosixPath(repository).name),),
        repository=repository,
        workflow_path=job.workflow.path.partition("@")[0],
        environment=job.environment,
    )
    named = {found.index for found in publishing_of(job.workflow, job.job) if found.index is not None} or {"pypi"}
    for publisher in publishers:
        rehearsal.twins.assume(publisher)
        if publisher.index in named:
            rehearsal.twins.ask_index(publisher.index, publisher.project)

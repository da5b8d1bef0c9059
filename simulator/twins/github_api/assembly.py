"""Puts the API's twin together, and the site's pages with it. Imported late: not every job asks GitHub's API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator.run_events import EventSink
from simulator.twins.artifact_store import Artifact, ArtifactStore
from simulator.twins.cache_store import CacheStore
from simulator.twins.callers import Callers
from simulator.twins.clone import Clone
from simulator.twins.github_api.attestations import Attestations
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.github_api.history import History
from simulator.twins.github_api.objects import Repository
from simulator.twins.github_api.queries import Queries
from simulator.twins.github_api.refs import Refs
from simulator.twins.github_api.release_store import ReleaseStore
from simulator.twins.github_api.releases import Releases
from simulator.twins.github_api.runs import Runs
from simulator.twins.github_api.site import Site
from simulator.twins.github_api.storage import Storage
from simulator.twins.github_api.twin import ApiTwin
from simulator.twins.github_api.workflows import Workflows
from simulator.twins.job_log import JobLog
from simulator.twins.jobs import Jobs
from simulator.twins.records import Clock
from simulator.twins.repository_rules import RepositoryRules
from simulator.twins.upstream import Upstream


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the API's twin works on; `folder` keeps the files of releases, `artifact_url` signs an artifact's URL."""

    clone: Clone
    callers: Callers
    rules: RepositoryRules
    jobs: Jobs
    log: JobLog
    facts: RepositoryFacts
    folder: Path
    artifacts: ArtifactStore
    caches: CacheStore
    artifact_url: Callable[[Artifact], str]
    upstream: Upstream
    emit: EventSink
    clock: Clock


def api_twin(around: Surroundings) -> ApiTwin:
    """The twin of the API's hosts."""
    clone, clock = around.clone, around.clock
    repository = Repository(full_name=clone.repository, facts=around.facts)
    store = ReleaseStore(around.folder, around.facts.releases)
    releases = Releases(
        clone=clone, repository=repository, store=store, rules=around.rules, emit=around.emit, clock=clock
    )
    storage = Storage(
        artifacts=around.artifacts,
        caches=around.caches,
        artifact_url=around.artifact_url,
        repository=repository,
        emit=around.emit,
    )
    endpoints = (
        *releases.endpoints,
        *Refs(clone=clone, repository=repository, rules=around.rules, clock=clock).endpoints,
        *History(clone=clone, repository=repository, rules=around.rules).endpoints,
        *Runs(jobs=around.jobs, log=around.log, repository=repository, clock=clock).endpoints,
        *Workflows(clone=clone, repository=repository).endpoints,
        *storage.endpoints,
        *Attestations(repository=repository, emit=around.emit).endpoints,
    )
    return ApiTwin(
        repository=repository,
        callers=around.callers,
        upstream=around.upstream,
        emit=around.emit,
        endpoints=endpoints,
        queries=Queries(clone=clone, repository=repository, store=store, releases=releases, emit=around.emit),
        site=Site(clone=clone, repository=repository, releases=releases, callers=around.callers),
    )

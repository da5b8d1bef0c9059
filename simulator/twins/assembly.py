"""Puts the twins of one run together: their stores, what they share, and the application that finds the twin of a host.

Knows no protocol of theirs, no thread and no socket.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.routing import request_response
from starlette.types import ASGIApp

from simulator.indexes import IndexName, indexes
from simulator.run_events import EventSink
from simulator.twins.application import Application
from simulator.twins.artifact_store import ArtifactStore
from simulator.twins.artifacts import ResultsTwin
from simulator.twins.authority import Authority
from simulator.twins.cache import CacheTwin
from simulator.twins.cache_store import CacheStore
from simulator.twins.callers import Callers
from simulator.twins.clone import Clone
from simulator.twins.git import GitTwin, Pages
from simulator.twins.github_api import not_stood_in_for
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.hosts import TwinName
from simulator.twins.injection.injector import Injector
from simulator.twins.job_log import JobLog
from simulator.twins.jobs import Jobs
from simulator.twins.lazy_application import Closing, LazyApplication
from simulator.twins.oidc import Issuer, OidcTwin
from simulator.twins.other_indexes import OtherIndexes
from simulator.twins.outside import Outside, hosts_and_ports, trusting
from simulator.twins.pypi.baseline import open_copies
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.real_projects import RealProjects
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.verification import Verification
from simulator.twins.records import Clock, Records
from simulator.twins.repository_rules import RepositoryRules
from simulator.twins.settings import TwinSettings
from simulator.twins.sigstore.root import TrustRoot
from simulator.twins.sigstore.twin import SigstoreTwin
from simulator.twins.upstream import Upstream

if TYPE_CHECKING:
    from simulator.twins.github_api.twin import ApiTwin


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The twins of one run and what they work with. `lazy` are those that are made while others serve already."""

    injector: Injector
    authority: Authority
    outside: Outside
    upstream: Upstream
    records: Records
    jobs: Jobs
    log: JobLog
    artifacts: ArtifactStore
    caches: CacheStore
    stores: Mapping[IndexName, Store]
    publishers: Publishers
    real: RealProjects
    verification: Verification
    sigstore: SigstoreTwin
    git: GitTwin
    others: OtherIndexes
    lazy: Mapping[TwinName, LazyApplication[Any]]
    application: Application

    def close(self) -> None:
        """Close what is open without being served; the event loop is over then."""
        self.caches.close()
        self.verification.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shared:
    """What several twins work with."""

    settings: TwinSettings
    emit: EventSink
    injector: Injector
    jobs: Jobs
    log: JobLog
    issuer: Issuer
    callers: Callers
    clone: Clone
    rules: RepositoryRules
    artifacts: ArtifactStore
    caches: CacheStore
    results: ResultsTwin
    publishers: Publishers
    real: RealProjects
    verification: Verification
    upstream: Upstream

    @property
    def clock(self) -> Clock:
        """The clock of the twins."""
        return self.injector.clock


def assemble(settings: TwinSettings, emit: EventSink, injector: Injector) -> Parts:
    """Make the twins and the run's folders. Raises TwinError."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    authority, root = Authority.load(settings.authority), TrustRoot.load(settings.authority)
    stores = open_copies(settings.baseline, settings.folder / "index")
    outside = Outside(
        offline=settings.offline,
        proxies=settings.proxies,
        trust=functools.cache(lambda: trusting(settings.host_ca)),
        local=hosts_and_ports(settings.index_urls),
    )
    shared = _shared(settings, emit, injector, outside, Verification(root.client_config))
    records = Records(settings.folder / "access.jsonl", emit, injector.clock, settings.mask)
    sigstore = SigstoreTwin(root, shared.issuer, shared.upstream, emit, shared.verification.prepare)
    api = LazyApplication(functools.partial(_api_twin, shared))
    lazy: dict[TwinName, LazyApplication[Any]] = {
        name: LazyApplication(functools.partial(_index_twin, shared, name, stores[name])) for name in indexes()
    }
    lazy["github-api"] = api
    git = _git_twin(shared, api)
    own = frozenset(host for host, _ in hosts_and_ports(settings.index_urls))
    others = OtherIndexes(shared.upstream, emit, own=own, offline=settings.offline)
    twins: Mapping[TwinName, ASGIApp] = {
        "oidc": OidcTwin(shared.issuer, shared.jobs, settings.repository.partition("/")[0]).app,
        "results": shared.results.app,
        "sigstore": sigstore.app,
        "github": request_response(git.answer),
        "other-index": request_response(others.answer),
        "unanswered": request_response(not_stood_in_for),
        **lazy,
    }
    application = Application(
        {name: injector.around(name, twin) for name, twin in twins.items()},
        outside=request_response(shared.upstream.outside),
        is_open=lambda job_id: shared.jobs.get(job_id) is not None,
        records=records,
        emit=emit,
        others=others,
    )
    return Parts(
        injector=injector,
        authority=authority,
        outside=outside,
        upstream=shared.upstream,
        records=records,
        jobs=shared.jobs,
        log=shared.log,
        artifacts=shared.artifacts,
        caches=shared.caches,
        stores=stores,
        publishers=shared.publishers,
        real=shared.real,
        verification=shared.verification,
        sigstore=sigstore,
        git=git,
        others=others,
        lazy=lazy,
        application=application,
    )


def _shared(
    settings: TwinSettings, emit: EventSink, injector: Injector, outside: Outside, verification: Verification
) -> _Shared:
    jobs, clock = Jobs(settings.run_id), injector.clock
    artifacts = ArtifactStore(settings.folder / "artifacts")
    caches = CacheStore(settings.cache, run_id=settings.run_id, clock=clock)
    cache = CacheTwin(caches, jobs, emit, default_branch=settings.default_branch)
    return _Shared(
        settings=settings,
        emit=emit,
        injector=injector,
        jobs=jobs,
        log=JobLog(),
        issuer=Issuer(clock),
        callers=Callers(jobs, settings.facts.user_tokens),
        clone=Clone(settings.clone, settings.repository, emit),
        rules=_rules(settings.facts),
        artifacts=artifacts,
        caches=caches,
        results=ResultsTwin(artifacts, jobs, emit, clock, cache.routes),
        publishers=Publishers(settings.publishers),
        real=RealProjects(outside, settings.index_url, settings.extra_index_urls),
        verification=verification,
        upstream=Upstream(outside),
    )


def _rules(facts: RepositoryFacts) -> RepositoryRules:
    there = {str(each["tag_name"]) for each in facts.releases if not each.get("draft")}
    return RepositoryRules(
        rulesets=facts.rulesets,
        default_branch=facts.default_branch,
        private=facts.private,
        immutable_releases=facts.immutable_releases,
        held=there if facts.immutable_releases else set(),
    )


def _git_twin(shared: _Shared, api: LazyApplication[ApiTwin]) -> GitTwin:
    async def site() -> Pages:
        return (await api.make()).site

    return GitTwin(
        clone=shared.clone,
        rules=shared.rules,
        callers=shared.callers,
        upstream=shared.upstream,
        site=site,
        copies=shared.settings.copies,
        emit=shared.emit,
    )


def _api_twin(shared: _Shared) -> tuple[ApiTwin, Closing]:
    from simulator.twins.github_api.assembly import Surroundings, api_twin

    around = Surroundings(
        clone=shared.clone,
        rules=shared.rules,
        callers=shared.callers,
        jobs=shared.jobs,
        log=shared.log,
        facts=shared.settings.facts,
        folder=shared.settings.folder / "releases",
        artifacts=shared.artifacts,
        caches=shared.caches,
        artifact_url=shared.results.download_url,
        upstream=shared.upstream,
        emit=shared.emit,
        clock=shared.clock,
    )
    return api_twin(around), _nothing


def _index_twin(shared: _Shared, name: IndexName, store: Store) -> tuple[ASGIApp, Closing]:
    from simulator.twins.pypi.assembly import Surroundings, index_twin

    settings = shared.settings
    around = Surroundings(
        publishers=shared.publishers,
        verification=shared.verification,
        issuer=shared.issuer,
        upstream=shared.upstream,
        run_id=settings.run_id,
        urls=(settings.index_url, settings.extra_index_urls),
        offline=settings.offline,
        emit=shared.injector.watched(name, shared.emit),
        clock=shared.clock,
        real=shared.real,
        named=settings.facts.named,
    )
    return index_twin(indexes()[name], store, around)


async def _nothing() -> None:
    """What there is to close of a twin that keeps nothing open."""

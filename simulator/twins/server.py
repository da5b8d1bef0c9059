"""All twins of one run in one thread: an event loop, the gateway before it, and the doors of the jobs.

Joins the twins; knows no protocol of theirs, no workflow and no engine.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import logging
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from packaging.utils import canonicalize_name
from starlette.routing import request_response
from starlette.types import ASGIApp
from uvicorn.config import Config

from simulator.errors import TwinError
from simulator.indexes import IndexName, indexes
from simulator.run_events import ArtifactStored, EventSink
from simulator.twins.application import Application
from simulator.twins.artifact_store import ArtifactError, ArtifactStore
from simulator.twins.artifacts import ResultsTwin
from simulator.twins.authority import Authority
from simulator.twins.base import JobAccess, JobGrant, PublishedFile, Publisher, ReleasedProject, StoredArtifact
from simulator.twins.cache import CacheTwin
from simulator.twins.cache_store import CacheStore
from simulator.twins.callers import Callers
from simulator.twins.clone import Clone
from simulator.twins.gateway import Gateway
from simulator.twins.git import GitTwin, Pages
from simulator.twins.github_api import not_stood_in_for
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.hosts import TwinName
from simulator.twins.injection.faults import Fault
from simulator.twins.injection.injector import Injector
from simulator.twins.jobs import Jobs
from simulator.twins.lazy_application import Closing, LazyApplication
from simulator.twins.oidc import Issuer, OidcTwin
from simulator.twins.outside import Outside, hosts_and_ports, trusting
from simulator.twins.pypi.baseline import keep, open_copies
from simulator.twins.pypi.catalogue import File
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.verification import Verification
from simulator.twins.records import Clock, Mask, Records
from simulator.twins.sigstore.root import TrustRoot
from simulator.twins.sigstore.twin import SigstoreTwin
from simulator.twins.upstream import Upstream

if TYPE_CHECKING:
    from simulator.twins.github_api.twin import ApiTwin

T = TypeVar("T")
START_SECONDS = 30.0
SUPPLIED = "--artifact"  # stands for the job of an artifact that the user supplies

# Their words about a bad request belong in no console of pysim; the records tell what was refused.
for _library in ("uvicorn", "python_multipart"):
    logging.getLogger(_library).addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True, slots=True)
class TwinSettings:
    """What the twins of one run work on.

    `folder` is the run's own: artifacts/, its copy of the index, access.jsonl. `repository` is owner/name, `clone`
    its bare git folder, `cache` the folder of its caches and `baseline` that of the kept index; these two may not
    exist. `authority` is the folder of this installation's certificate authority. `host_ca` is the machine's
    certificates (PEM), `index_url` and `extra_index_urls` the package indexes that it is configured for, `proxies` the
    usual environment variables (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY in any case). `ports` are what sandboxes
    listen on beside the indexes' own. `offline` lets nothing reach the network. `facts` are what GitHub knows of the
    repository, `copies` the git folders of others (owner/name in lower case) that are read from there.
    `faults` are what fails until `LocalTwins.mend`.
    """

    run_id: str
    folder: Path
    repository: str
    default_branch: str
    clone: Path
    cache: Path
    publishers: Sequence[Publisher]
    baseline: Path
    authority: Path
    host_ca: bytes
    index_url: str | None = None
    extra_index_urls: Sequence[str] = ()
    proxies: Mapping[str, str] = field(default_factory=dict)
    ports: Sequence[int] = (80, 443)
    offline: bool = False
    facts: RepositoryFacts = field(default_factory=RepositoryFacts)
    copies: Mapping[str, Path] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    mask: Mask = lambda _job_id, text: text

    @property
    def index_urls(self) -> Sequence[str]:
        """The machine's own indexes that are reached over HTTP."""
        urls = [*([self.index_url] if self.index_url else []), *self.extra_index_urls]
        return tuple(url for url in urls if url.startswith(("http://", "https://")))


class LocalTwins:
    """The twins of `base.Twins`, in this process. A context manager; methods may be called from any thread."""

    def __init__(self, settings: TwinSettings, emit: EventSink, *, clock: Clock = time.time) -> None:
        self._settings, self._emit = settings, emit
        self._injector = Injector(faults=settings.faults, emit=emit, machine_clock=clock)
        self._clock = clock = self._injector.clock
        settings.folder.mkdir(parents=True, exist_ok=True)
        self._authority = Authority.load(settings.authority)
        self._outside = Outside(
            offline=settings.offline,
            proxies=settings.proxies,
            trust=functools.cache(lambda: trusting(settings.host_ca)),
            local=hosts_and_ports(settings.index_urls),
        )
        self._records = Records(settings.folder / "access.jsonl", emit, clock, settings.mask)
        self._jobs = Jobs(settings.run_id)
        self._issuer = Issuer(clock)
        self._artifacts = ArtifactStore(settings.folder / "artifacts")
        self._caches = CacheStore(settings.cache, run_id=settings.run_id, clock=clock)
        cache = CacheTwin(self._caches, self._jobs, emit, default_branch=settings.default_branch)
        self._results = ResultsTwin(self._artifacts, self._jobs, emit, clock, cache.routes)
        self._oidc = OidcTwin(self._issuer, self._jobs, settings.repository.partition("/")[0])
        self._stores = open_copies(settings.baseline, settings.folder / "index")
        self._publishers = Publishers(settings.publishers)
        root = TrustRoot.load(settings.authority)
        self._verification = Verification(root.client_config)
        self._upstream = Upstream(self._outside)
        self._sigstore = SigstoreTwin(root, self._issuer, self._upstream, emit, self._verification.prepare)
        self._thread: _LoopThread | None = None

    @property
    def ca_bundle(self) -> bytes:
        """PEM: the machine's certificates and pysim's own authority; for sandboxes alone."""
        return self._settings.host_ca.rstrip() + b"\n" + self._authority.certificate

    @property
    def ports(self) -> Sequence[int]:
        """The ports that sandboxes must be able to reach."""
        return sorted({*self._settings.ports, *(port for _, port in hosts_and_ports(self._settings.index_urls))})

    def open_job(self, grant: JobGrant) -> JobAccess:
        """Make a way in for a job. Raises TwinError when the job is open already."""
        job = self._jobs.open(grant)
        return JobAccess(
            gateway=self._loop_thread.call(self._loop_thread.gateway.open(grant.job_id)),
            run_env=job.run_env,
            action_env=job.action_env,
            secrets=job.secrets,
            script_env=job.script_env,
        )

    def close_job(self, job_id: str) -> None:
        """Take the way in away: later connections and tokens of the job are refused. Safe to call twice."""
        self._jobs.close(job_id)
        self._sigstore.close_job(job_id)
        if self._thread is not None:
            self._thread.call(self._thread.gateway.close(job_id))

    def artifacts(self) -> Sequence[StoredArtifact]:
        """The finished artifacts, oldest first."""
        return [artifact.stored for artifact in self._artifacts.finished() if artifact.stored]

    def supply(self, workflow_run: str, name: str, folder: Path) -> None:
        """Put an artifact of a folder's files into a workflow run, as if one of its jobs had uploaded it.

        Raises TwinError for a name that GitHub refuses.
        """
        job = self._jobs.open(JobGrant(job_id=SUPPLIED, id_token=False, claims={"run_id": workflow_run}))
        try:
            stored = self._artifacts.supply(job, name, folder, self._clock())
        except ArtifactError as error:
            raise TwinError(f"{error}.", hint="Name the artifact as the workflow does.") from error
        finally:
            self._jobs.close(SUPPLIED)
        self._emit(
            ArtifactStored(
                job_id=SUPPLIED, name=name, size=stored.size, digest=stored.digest, files=tuple(stored.files)
            )
        )

    def adopt(self, artifacts: Sequence[StoredArtifact]) -> None:
        """Take over artifacts that jobs of the same workflow run uploaded elsewhere."""
        for stored in artifacts:
            grant = JobGrant(job_id=stored.job_id, id_token=False, claims={"run_id": stored.workflow_run})
            job = self._jobs.open(grant)
            try:
                self._artifacts.adopt(job, stored, self._clock())
            finally:
                self._jobs.close(stored.job_id)

    def forget_artifacts(self) -> None:
        """Begin a further attempt of all jobs: it makes its own artifacts."""
        for artifact in self._artifacts.finished():
            self._artifacts.delete(artifact)

    def assume(self, publisher: Publisher) -> None:
        """Register a publisher that the configuration does not declare."""
        self._publishers.assume(publisher)

    def published(self) -> Sequence[PublishedFile]:
        """The files that the indexes took, in order."""
        found = [
            (file.uploaded, file, name, store.packages / file.filename)
            for name, store in self._stores.items()
            for file in _files_of_run(store, self._settings.run_id)
        ]
        return [
            PublishedFile(
                job_id=file.job_id,
                index=name,
                project=file.project,
                version=file.version,
                filename=file.filename,
                size=file.size,
                sha256=file.sha256,
                path=path,
            )
            for _, file, name, path in sorted(found, key=lambda row: row[0])
        ]

    def released(self) -> Sequence[ReleasedProject]:
        """Of the projects that the indexes took files of those that the real ones have."""
        from simulator.twins.pypi.released import released

        settings = self._settings
        found = released(
            self.published(),
            self._outside,
            index_url=settings.index_url,
            extra_index_urls=settings.extra_index_urls,
        )
        return tuple(replace(held, strange=self._is_strange(held)) for held in found)

    def _is_strange(self, held: ReleasedProject) -> bool:
        """Whether this run made a project that no declared publisher says is there."""
        told = {(each.index, canonicalize_name(each.project)) for each in self._settings.publishers if not each.pending}
        with self._stores[held.index].reading() as catalogue:
            return held.project in catalogue.made() and (held.index, held.project) not in told

    def upload_token(self, index: IndexName) -> str:
        """A new API token of a user who may upload to every project of an index, and create projects."""
        from simulator.twins.pypi.tokens import mint_for_user

        with self._stores[index].transaction() as catalogue:
            return mint_for_user(catalogue, indexes()[index].main_host)

    def mend(self) -> None:
        """Let nothing fail on request any more; publishers that were removed are registered again."""
        self._injector.end()

    def fired(self) -> Sequence[str]:
        """The faults that took effect so far, as the user writes them."""
        return self._injector.fired

    def keep_index(self) -> None:
        """Make this run's indexes the baseline of later runs, in one step."""
        keep(self._stores, self._settings.baseline)

    @property
    def _loop_thread(self) -> _LoopThread:
        if self._thread is None:
            raise TwinError("The twins are not running", hint="Enter their context first.")
        return self._thread

    def __enter__(self) -> Self:
        self._injector.begin(self._stores, self._publishers)
        self._thread = _LoopThread(self._serve)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.end()
            self._thread = None
            self._caches.close()
            self._verification.close()

    async def _serve(self, started: concurrent.futures.Future[Gateway], end: asyncio.Event) -> None:
        upstream = self._upstream
        callers = Callers(self._jobs, self._settings.facts.user_tokens)
        clone = Clone(self._settings.clone, self._settings.repository, self._emit)
        api = LazyApplication(functools.partial(self._api_twin, clone, callers, upstream))
        late: dict[TwinName, LazyApplication[Any]] = {
            name: LazyApplication(functools.partial(self._index_twin, name, upstream)) for name in indexes()
        }
        late["github-api"] = api

        async def site() -> Pages:
            return (await api.make()).site

        git = GitTwin(
            clone=clone,
            callers=callers,
            upstream=upstream,
            site=site,
            private=self._settings.facts.private,
            copies=self._settings.copies,
            emit=self._emit,
        )
        application = Application(
            self._twins(git, late),
            outside=request_response(upstream.outside),
            is_open=lambda job_id: self._jobs.get(job_id) is not None,
            records=self._records,
            emit=self._emit,
        )
        config = Config(
            application,
            log_config=None,
            lifespan="off",
            ws="none",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
        )
        config.load()
        tls = self._authority.server_context()
        gateway = Gateway(application=config, tls=tls, outside=self._outside, records=self._records, ports=self.ports)
        started.set_result(gateway)
        try:
            for twin in late.values():
                await twin.make()
            await end.wait()
        finally:
            await gateway.shut()
            await upstream.close()
            git.close()
            for twin in late.values():
                await twin.close()

    def _twins(self, git: GitTwin, late: Mapping[TwinName, ASGIApp]) -> Mapping[TwinName, ASGIApp]:
        missing = request_response(not_stood_in_for)
        twins: Mapping[TwinName, ASGIApp] = {
            "oidc": self._oidc.app,
            "results": self._results.app,
            "sigstore": self._sigstore.app,
            "github": request_response(git.answer),
            "unanswered": missing,
            **late,
        }
        return {name: self._injector.around(name, twin) for name, twin in twins.items()}

    def _api_twin(self, clone: Clone, callers: Callers, upstream: Upstream) -> tuple[ApiTwin, Closing]:
        from simulator.twins.github_api.assembly import Surroundings, api_twin

        around = Surroundings(
            clone=clone,
            callers=callers,
            jobs=self._jobs,
            facts=self._settings.facts,
            folder=self._settings.folder / "releases",
            artifacts=self._artifacts,
            caches=self._caches,
            artifact_url=self._results.download_url,
            upstream=upstream,
            emit=self._emit,
            clock=self._clock,
        )
        return api_twin(around), _nothing

    def _index_twin(self, name: IndexName, upstream: Upstream) -> tuple[ASGIApp, Closing]:
        from simulator.twins.pypi.assembly import Surroundings, index_twin

        settings = self._settings
        surroundings = Surroundings(
            publishers=self._publishers,
            verification=self._verification,
            issuer=self._issuer,
            upstream=upstream,
            run_id=settings.run_id,
            urls=(settings.index_url, settings.extra_index_urls),
            offline=settings.offline,
            emit=self._injector.watched(name, self._emit),
            clock=self._clock,
        )
        return index_twin(indexes()[name], self._stores[name], surroundings)


class _LoopThread:
    """A thread that runs the twins' event loop, and the way into it from other threads."""

    def __init__(self, serve: Any) -> None:
        started: concurrent.futures.Future[Gateway] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(serve, started), name="twins", daemon=True)
        self._thread.start()
        self.gateway = started.result(START_SECONDS)

    def _run(self, serve: Any, started: concurrent.futures.Future[Gateway]) -> None:
        try:
            asyncio.run(self._main(serve, started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _main(self, serve: Any, started: concurrent.futures.Future[Gateway]) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        await serve(started, self._end)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self) -> None:
        """Close everything and wait for the thread."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


async def _nothing() -> None:
    """What there is to close of a twin that keeps nothing open."""


def _files_of_run(store: Store, run_id: str) -> Sequence[File]:
    with store.reading() as catalogue:
        return catalogue.files_of_run(run_id)

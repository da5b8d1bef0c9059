"""All twins of one run: one thread serves them through the gateway, and this is the way to them for all others.

Knows no protocol of theirs, no workflow and no engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from packaging.utils import canonicalize_name
from packaging.version import Version
from uvicorn.config import Config

from simulator.errors import TwinError
from simulator.indexes import IndexName, indexes
from simulator.run_events import EventSink, RunEvent, TwinRequest
from simulator.twins.artifact_store import ArtifactError
from simulator.twins.artifacts import artifact_event
from simulator.twins.assembly import Parts, assemble
from simulator.twins.base import (
    HeldRelease,
    JobAccess,
    JobGrant,
    PublishedFile,
    Publisher,
    ReleasedProject,
    StoredArtifact,
)
from simulator.twins.gateway import Gateway
from simulator.twins.injection.injector import Injector
from simulator.twins.loop_thread import LoopThread
from simulator.twins.outside import hosts_and_ports
from simulator.twins.pypi.baseline import keep
from simulator.twins.pypi.catalogue import File
from simulator.twins.pypi.store import Store
from simulator.twins.records import Clock
from simulator.twins.settings import TwinSettings

SUPPLIED: Final = "supplied by you"
"""Stands for the job of an artifact that the user supplies; no job has a name with a space but for a matrix."""

_LONGEST: Final = 15.0  # seconds that an index may take to tell of a project

# Their words about a bad request belong in no console of pysim; the records tell what was refused.
for _library in ("uvicorn", "python_multipart"):
    logging.getLogger(_library).addHandler(logging.NullHandler())


class LocalTwins:
    """The twins of `base.Twins`, in this process. A context manager; methods may be called from any thread.

    Nothing is read or made before the context is entered; what the twins saw can still be asked after it was left.
    """

    def __init__(self, settings: TwinSettings, emit: EventSink, *, clock: Clock = time.time) -> None:
        self._settings, self._emit = settings, emit
        self._injector = Injector(faults=settings.faults, emit=emit, machine_clock=clock)
        self._assembled: Parts | None = None
        self._thread: LoopThread[Gateway] | None = None

    @property
    def ca_bundle(self) -> bytes:
        """PEM: the machine's certificates and pysim's own authority; for sandboxes alone."""
        return self._settings.host_ca.rstrip() + b"\n" + self._parts.authority.certificate

    @property
    def ports(self) -> Sequence[int]:
        """The ports that sandboxes must be able to reach."""
        return sorted({*self._settings.ports, *(port for _, port in hosts_and_ports(self._settings.index_urls))})

    def open_job(self, grant: JobGrant) -> JobAccess:
        """Make a way in for a job. Raises TwinError when the job is open already."""
        running = self._running
        job = self._parts.jobs.open(grant)
        return JobAccess(
            gateway=running.call(running.served.open(grant.job_id)),
            run_env=job.run_env,
            action_env=job.action_env,
            secrets=job.secrets,
            script_env=job.script_env,
        )

    def close_job(self, job_id: str) -> None:
        """Take the way in away: later connections and tokens of the job are refused. Safe to call twice."""
        self._parts.jobs.close(job_id)
        self._parts.sigstore.close_job(job_id)
        if self._thread is not None:
            self._thread.call(self._thread.served.close(job_id))

    def hear(self, event: RunEvent) -> None:
        """Take in what the runner tells of jobs and steps: GitHub's API shows it to those who ask."""
        self._parts.log(event)

    def record(self, request: TwinRequest) -> None:
        """See `Twins.record`."""
        self._parts.records.add(request)

    def artifacts(self) -> Sequence[StoredArtifact]:
        """The finished artifacts, oldest first."""
        return [artifact.stored for artifact in self._parts.artifacts.finished() if artifact.stored]

    def supply(
        self,
        workflow_run: str,
        name: str,
        folder: Path,
        *,
        job_id: str = SUPPLIED,
        placeholders: Sequence[str] = (),
        assumed: str | None = None,
    ) -> None:
        """Put an artifact of a folder's files into a workflow run, as if one of its jobs had uploaded it.

        `placeholders` and `assumed` are as `ArtifactStored` has them. Raises TwinError for a name that GitHub refuses.
        """
        job = self._parts.jobs.open(JobGrant(job_id=job_id, id_token=False, claims={"run_id": workflow_run}))
        try:
            stored = self._parts.artifacts.supply(job, name, folder, self._injector.clock())
        except ArtifactError as error:
            raise TwinError(f"{error}.", hint="Name the artifact as the workflow does.") from error
        finally:
            self._parts.jobs.close(job_id)
        self._emit(replace(artifact_event(stored), placeholders=tuple(placeholders), assumed=assumed))

    def adopt(self, artifacts: Sequence[StoredArtifact]) -> None:
        """Take over artifacts that jobs of the same workflow run uploaded elsewhere."""
        for stored in artifacts:
            grant = JobGrant(job_id=stored.job_id, id_token=False, claims={"run_id": stored.workflow_run})
            job = self._parts.jobs.open(grant)
            try:
                self._parts.artifacts.adopt(job, stored, self._injector.clock())
            finally:
                self._parts.jobs.close(stored.job_id)

    def forget_artifacts(self) -> None:
        """Begin a further attempt of all jobs: it makes its own artifacts."""
        for artifact in self._parts.artifacts.finished():
            self._parts.artifacts.delete(artifact)

    def take_uploads(self, host: str) -> None:
        """Answer for the host of another index from now on, and take what is uploaded there."""
        self._parts.others.add(host)

    def taken_elsewhere(self) -> Mapping[str, int]:
        """How many files the stand-ins of other indexes took, by host."""
        return self._parts.others.taken

    def assume(self, publisher: Publisher) -> None:
        """Register a publisher that the configuration does not declare."""
        self._parts.publishers.assume(publisher)

    def ask_index(self, index: IndexName, project: str) -> None:
        """Begin to ask the real index for a project, so that it is known when a job publishes that."""
        self._parts.real.ask(index, project)

    def published(self) -> Sequence[PublishedFile]:
        """The files that the indexes took, in order."""
        found = [
            (file.uploaded, file, name, store.packages / file.filename)
            for name, store in self._parts.stores.items()
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
            self._parts.outside,
            index_url=settings.index_url,
            extra_index_urls=settings.extra_index_urls,
        )
        return tuple(self._told(held) for held in found)

    def new_projects(self) -> Mapping[IndexName, Sequence[str]]:
        """The projects that uploads of a user made within a day where that is more than an index takes.

        Only those that the real index says it has not; where it does not answer, there are none.
        """
        from simulator.twins.pypi.creation import DAY, PER_DAY

        found: dict[IndexName, Sequence[str]] = {}
        for index, store in self._parts.stores.items():
            with store.reading() as catalogue:
                count, made = catalogue.count_creations(self._injector.clock() - DAY), catalogue.made()
            if count <= PER_DAY:
                continue
            for name in made:
                self._parts.real.ask(index, name)
            new = [
                name for name in sorted(made) if self._parts.real.known(index, name, patience=_LONGEST).there is False
            ]
            if min(count, len(new)) > PER_DAY:
                found[index] = new
        return found

    def _told(self, held: ReleasedProject) -> ReleasedProject:
        if not self._is_strange(held):
            return held
        self._parts.real.ask(held.index, held.project)
        urls = self._parts.real.known(held.index, held.project, patience=_LONGEST).urls
        return replace(held, strange=True, urls=urls)

    def held(self, index: IndexName, project: str, version: Version) -> HeldRelease | None:
        """A release that an index had before this run: this run's own copy, or the real one where that has none."""
        from simulator.twins.pypi.released import held_by_copy, held_by_real_index

        with self._parts.stores[index].reading() as catalogue:
            known = catalogue.project(project) is not None
            found = held_by_copy(catalogue, index, project, version, self._settings.run_id)
        if known or self._settings.offline:
            return found
        settings = self._settings
        return held_by_real_index(
            index,
            project,
            version,
            self._parts.outside,
            index_url=settings.index_url,
            extra_index_urls=settings.extra_index_urls,
        )

    def _is_strange(self, held: ReleasedProject) -> bool:
        """Whether this run made a project that no declared publisher says is there."""
        told = {(each.index, canonicalize_name(each.project)) for each in self._settings.publishers if not each.pending}
        with self._parts.stores[held.index].reading() as catalogue:
            return held.project in catalogue.made() and (held.index, held.project) not in told

    def upload_token(self, index: IndexName, *others: IndexName) -> str:
        """A new API token of a user who may upload to every project of the indexes, and create projects."""
        from simulator.twins.pypi.tokens import mint_for_user, share

        with self._parts.stores[index].transaction() as catalogue:
            token = mint_for_user(catalogue, indexes()[index].main_host)
            for each in others:
                with self._parts.stores[each].transaction() as other:
                    share(token, catalogue, other)
        return token

    def mend(self) -> None:
        """Let nothing fail on request any more; publishers that were removed are registered again."""
        self._injector.end()

    def fired(self) -> Sequence[str]:
        """The faults that took effect so far, as the user writes them."""
        return self._injector.fired

    def keep_index(self) -> None:
        """Make this run's indexes the baseline of later runs, in one step."""
        keep(self._parts.stores, self._settings.baseline)

    @property
    def _parts(self) -> Parts:
        if self._assembled is None:
            raise TwinError("The twins are not running", hint="Enter their context first.")
        return self._assembled

    @property
    def _running(self) -> LoopThread[Gateway]:
        if self._thread is None:
            raise TwinError("The twins are not running", hint="Enter their context first.")
        return self._thread

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            parts = self._assembled = assemble(self._settings, self._emit, self._injector)
            stack.callback(parts.close)
            stack.callback(self._injector.end)
            self._injector.begin(parts.stores, parts.publishers)
            self._thread = LoopThread(functools.partial(_serve, parts, self.ports))
            stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.end()
            self._thread = None
            self._parts.close()


async def _serve(parts: Parts, ports: Sequence[int], started: Callable[[Gateway], None], end: asyncio.Event) -> None:
    """Serve the twins through a gateway of their own until the end; those that take long are made meanwhile."""
    config = Config(
        parts.application,
        log_config=None,
        lifespan="off",
        ws="none",
        interface="asgi3",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    config.load()
    tls = parts.authority.server_context()
    gateway = Gateway(
        application=config,
        tls=tls,
        outside=parts.outside,
        records=parts.records,
        ports=ports,
        others=parts.others,
        tls_of=functools.cache(parts.authority.server_context),
    )
    started(gateway)
    lookup = None if parts.outside.offline else asyncio.create_task(parts.outside.closed.look())
    try:
        for twin in parts.lazy.values():
            await twin.make()
        await end.wait()
    finally:
        if lookup is not None:
            lookup.cancel()
        await gateway.shut()
        await parts.upstream.close()
        parts.git.close()
        for twin in parts.lazy.values():
            await twin.close()


def _files_of_run(store: Store, run_id: str) -> Sequence[File]:
    with store.reading() as catalogue:
        return catalogue.files_of_run(run_id)

"""Makes the twins of one run fail as asked: around their applications, in what the indexes know, and in their clock.

Says of each fault when it takes effect: an answer of its own, or the words by which a twin shows it. A twin knows of no
fault.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.indexes import IndexName
from simulator.run_events import EventSink, FaultInjected, FileUploaded, RunEvent, TokenExchanged
from simulator.twins.application import Visit, visit
from simulator.twins.hosts import TwinName
from simulator.twins.injection import answers
from simulator.twins.injection.delay import Delay, without_files
from simulator.twins.injection.faults import Fault, FaultName, ordinal
from simulator.twins.injection.reason_phrase import with_reason
from simulator.twins.injection.services import Service, service_of, simple_project
from simulator.twins.pypi.catalogue import Flag
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.store import Store
from simulator.twins.records import Clock

TOKEN_LIFETIME: Final = 900  # seconds that an upload token from an exchange lives
_DOWN: Final = {
    FaultName.UPLOAD_503: ({Service.UPLOAD}, answers.index_is_down),
    FaultName.INDEX_DOWN: ({Service.AUDIENCE, Service.MINT, Service.UPLOAD}, answers.index_is_down),
    FaultName.MINT_503: ({Service.MINT}, answers.index_is_down),
    FaultName.OIDC_DOWN: ({Service.ID_TOKEN}, answers.oidc_is_broken),
    FaultName.ARTIFACTS_500: ({Service.ARTIFACTS}, answers.twirp_is_broken),
    FaultName.SIGSTORE_DOWN: ({Service.SIGSTORE}, answers.authority_is_down),
}
"""Faults that answer in the place of a service; those with a count only to some of its requests."""
_SLOW: Final = {Service.AUDIENCE, Service.MINT, Service.UPLOAD, Service.ID_TOKEN}
_COUNTED: Final = {FaultName.UPLOAD_503, FaultName.ARTIFACTS_500}
_FLAGS: Final[Mapping[FaultName, Flag]] = {
    FaultName.INDEX_READ_ONLY: Flag.READ_ONLY,
    FaultName.UPLOADS_DISABLED: Flag.NO_UPLOADS,
    FaultName.PROJECTS_DISABLED: Flag.NO_PROJECTS,
    FaultName.TRUSTED_PUBLISHING_DISABLED: Flag.NO_TRUSTED_PUBLISHING,
    FaultName.GITHUB_PUBLISHING_DISABLED: Flag.NO_GITHUB_PUBLISHING,
    FaultName.EMAIL_UNVERIFIED: Flag.UNVERIFIED_EMAIL,
    FaultName.NO_TWO_FACTOR: Flag.NO_SECOND_FACTOR,
}
"""Faults that are a state of the index."""
_WORDS: Final[Mapping[FaultName, tuple[str, ...]]] = {
    FaultName.TOKEN_EXPIRED: ("token is expired",),
    FaultName.PUBLISHER_REMOVED: ("no corresponding publisher", "Invalid or non-existent authentication information"),
    FaultName.INDEX_READ_ONLY: ("Read-only mode",),
    FaultName.UPLOADS_DISABLED: ("New uploads are temporarily disabled",),
    FaultName.PROJECTS_DISABLED: ("New project registration temporarily disabled",),
    FaultName.TRUSTED_PUBLISHING_DISABLED: ("trusted publishing functionality not enabled",),
    FaultName.GITHUB_PUBLISHING_DISABLED: ("github trusted publishing functionality not enabled",),
    FaultName.EMAIL_UNVERIFIED: ("does not have a verified primary email address",),
    FaultName.NO_TWO_FACTOR: ("does not have two-factor authentication enabled",),
}
"""By which words of a refusal a fault shows that it took effect."""
_AWAITING: Final = {FaultName.TOKEN_EXPIRED, FaultName.PUBLISHER_REMOVED}
"""Faults that begin with a request."""


@dataclass(kw_only=True)
class Injector:
    """The faults of one run, from `begin` to `end`. May be used from any thread."""

    faults: Sequence[Fault]
    emit: EventSink
    machine_clock: Clock
    _fired: dict[Fault, int] = field(default_factory=dict)
    _counts: dict[tuple[Service, str | None], int] = field(default_factory=dict)  # by twin, and for None of all
    _begun: set[Fault] = field(default_factory=set)  # of those that wait for a request the ones that it reached
    _ahead: float = 0.0  # seconds that passed at once
    _active: tuple[Fault, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stores: Mapping[IndexName, Store] = field(default_factory=dict)
    _raised: list[tuple[Store, Flag]] = field(default_factory=list)
    _publishers: Publishers | None = None

    def __post_init__(self) -> None:
        self.delay = Delay(clock=self.clock)

    def clock(self) -> float:
        """The clock of the twins."""
        return self.machine_clock() + self._ahead

    @property
    def fired(self) -> tuple[str, ...]:
        """The faults that took effect so far."""
        with self._lock:
            return tuple(str(fault) for fault in self.faults if fault in self._fired)

    def begin(self, stores: Mapping[IndexName, Store], publishers: Publishers) -> None:
        """Bring the indexes into their states; from here on services fail."""
        self._stores, self._publishers, self._active = stores, publishers, tuple(self.faults)
        for fault in self._active:
            if flag := _FLAGS.get(fault.name):
                self._raise(flag, fault)
            elif fault.name is FaultName.PUBLISHER_REMOVED and not fault.value:
                self._remove_publishers(fault)

    def end(self) -> None:
        """Let everything work again, but for the time that has passed and the files that were not taken."""
        self._active = ()
        for store, flag in self._raised:
            with store.transaction() as catalogue:
                catalogue.lower_flag(flag)
        self._raised.clear()
        if self._publishers is not None:
            self._publishers.restore()

    def around(self, twin: TwinName, application: ASGIApp) -> ASGIApp:
        """A twin's application, failing as asked."""
        return _Failing(twin, application, self) if self.faults else application

    def watched(self, index: IndexName, emit: EventSink) -> EventSink:
        """An event sink that finds in the refusals of an index which fault took effect, behind the refusal."""

        def sink(event: RunEvent) -> None:
            emit(event)
            if isinstance(event, FileUploaded) and event.status == 200:
                self.delay.uploaded(index, event.project, event.filename)
            elif isinstance(event, FileUploaded):
                self._recognize(index, event.job_id, event.message)
            elif isinstance(event, TokenExchanged) and event.error:
                self._recognize(index, event.job_id, event.error)

        return sink if self.faults else emit

    def fire(self, fault: Fault, job_id: str, what: str) -> None:
        """Say that a fault took effect."""
        with self._lock:
            self._fired[fault] = self._fired.get(fault, 0) + 1
        self.emit(FaultInjected(job_id=job_id, fault=str(fault), what=what))

    def _recognize(self, index: IndexName, job_id: str, said: str) -> None:
        for fault in self._meant(index):
            begun = fault.name not in _AWAITING or fault in self._begun
            if begun and any(words in said for words in _WORDS.get(fault.name, ())):
                self.fire(fault, job_id, said)
                return

    def _meant(self, twin: TwinName) -> Sequence[Fault]:
        return [fault for fault in self._active if fault.index in {None, twin}]

    # ---- what a request sets off

    async def before(self, twin: TwinName, service: Service, job_id: str) -> ASGIApp | None:
        """What happens when a request arrives; the answer in the place of the twin's, if there is one."""
        for name in (twin, None):
            self._counts[service, name] = self._counts.get((service, name), 0) + 1
        for fault in self._meant(twin):
            if fault.name is FaultName.SLOW and service in _SLOW:
                self._tell(fault, service, job_id, f"answered after {fault.value:g} seconds")
                await asyncio.sleep(fault.value)
        if service is Service.UPLOAD:
            await asyncio.to_thread(self._before_upload, twin)
        for fault in self._meant(twin):
            number = self._counts[service, fault.index]
            services, answer = _DOWN.get(fault.name, ((), None))
            if answer is not None and service in services and (fault.name not in _COUNTED or fault.hits(number)):
                response = answer()
                which = f"{ordinal(number)} request" if fault.name in _COUNTED else "request"
                self._tell(fault, service, job_id, f"{which} answered with {response.status_code}")
                return response
        return None

    def layers(self, twin: TwinName, application: ASGIApp, service: Service, at: Visit) -> ASGIApp:
        """A twin's application for one request, behind what changes its answer."""
        for fault in self._meant(twin):
            told = partial(self._tell, fault, service, at.job_id)
            if fault.name is FaultName.INDEX_DELAY and service is Service.SIMPLE:
                files = self.delay.fresh(twin, simple_project(at.path) or "", fault.value)
                application = without_files(application, files, told) if files else application
            elif fault.name is FaultName.REASON_PHRASE and service is Service.UPLOAD:
                application = with_reason(application, told)
            elif fault.name is FaultName.TRUSTED_PUBLISHING_DISABLED and service is Service.AUDIENCE:
                application = _telling_403(application, told)
        return application

    def _tell(self, fault: Fault, service: Service, job_id: str, what: str) -> None:
        self.fire(fault, job_id, f"{service}: {what}")

    def _before_upload(self, twin: TwinName) -> None:
        for fault in self._meant(twin):
            if fault.name in _AWAITING and fault.hits(self._counts[Service.UPLOAD, fault.index]):
                if fault.name is FaultName.TOKEN_EXPIRED:
                    self._begun.add(fault)
                    self._ahead += TOKEN_LIFETIME
                else:
                    self._remove_publishers(fault)

    def _remove_publishers(self, fault: Fault) -> None:
        """No token outlives the publisher that it was minted for."""
        assert self._publishers is not None
        self._begun.add(fault)
        for index, store in self._of(fault).items():
            self._publishers.withdraw(index)
            with store.transaction() as catalogue:
                catalogue.forget_publishers_tokens()

    def _of(self, fault: Fault) -> Mapping[IndexName, Store]:
        return {index: store for index, store in self._stores.items() if fault.index in {None, index}}

    def _raise(self, flag: Flag, fault: Fault) -> None:
        for store in self._of(fault).values():
            with store.transaction() as catalogue:
                if not catalogue.has(flag):
                    catalogue.raise_flag(flag)
                    self._raised.append((store, flag))


class _Failing:
    """The application of a twin, behind the faults of its services."""

    def __init__(self, twin: TwinName, application: ASGIApp, injector: Injector) -> None:
        self._twin, self._application, self._injector = twin, application, injector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        at = visit(request)
        service = service_of(self._twin, request.method, at.path)
        if service is None:
            await self._application(scope, receive, send)
            return
        injector = self._injector
        answer = await injector.before(self._twin, service, at.job_id)
        if answer is None:
            application = injector.layers(self._twin, self._application, service, at)
            await application(scope, receive, send)
            return
        async for _ in request.stream():  # a client that is still sending would take an early answer for a reset
            pass
        await answer(scope, receive, send)


def _telling_403(application: ASGIApp, told: Callable[[str], None]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message.get("status") == 403:
                told("answered with 403")
            await send(message)

        await application(scope, receive, noting)

    return answer

"""The stand-in for every other index that jobs publish to: it takes files as the legacy upload API does.

What such an index asks of a file and of a credential is not known: any file and any credential are taken. Pages of
it are read from the real one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from simulator.run_events import EventSink, FileUploaded
from simulator.twins.application import visit
from simulator.twins.hosts import host_name, twin_of
from simulator.twins.upstream import Relayed, Upstream

if TYPE_CHECKING:
    from starlette.datastructures import FormData, UploadFile

_READING: Final = frozenset({"GET", "HEAD"})
_CHUNK: Final = 1 << 20  # bytes
_HTTPS: Final = 443
_REFUSED: Final = 400  # what the real index does not show without a credential counts as not there


class OtherIndexes:
    """The hosts of other indexes, and what they were given. May be asked from any thread.

    `own` are the hosts of the indexes that this machine installs from: what reads there keeps its credential.
    """

    def __init__(self, upstream: Upstream, emit: EventSink, *, own: frozenset[str], offline: bool) -> None:
        self._upstream, self._emit, self._own, self._offline = upstream, emit, own, offline
        self._lock = threading.Lock()
        self._hosts: frozenset[str] = frozenset()
        self._taken: dict[str, int] = {}

    def add(self, host: str) -> None:
        """Answer for a host from now on; one that another stand-in answers for, and an address, stay what they are."""
        name = host_name(host)
        if name is not None and twin_of(name) is None:
            with self._lock:
                self._hosts |= {name}

    def __contains__(self, host: object) -> bool:
        return host in self._hosts

    @property
    def taken(self) -> Mapping[str, int]:
        """How many files each host was given."""
        with self._lock:
            return dict(self._taken)

    async def answer(self, request: Request) -> Response:
        """Answer a request to one of the hosts: a file is taken, pages are the real index's."""
        if request.method in _READING:
            return await self._page(request)
        host = visit(request).host
        if request.method != "POST":
            return PlainTextResponse(f"pysim does not stand in for {request.method} at {host}.\n", status_code=404)
        if not _has_credential(request.headers.get("authorization", "")):
            self._tell(request, {}, None, 401, "Unauthorized: no credential was sent")
            return PlainTextResponse(
                "401 Unauthorized: no credential was sent.\n",
                status_code=401,
                headers={"WWW-Authenticate": f'Basic realm="{host}"'},
            )
        return await self._upload(request)

    async def _page(self, request: Request) -> Response:
        at = visit(request)
        if not self._offline and at.port == _HTTPS:
            answer = await self._upstream.relay(request, at.host, credentials=at.host in self._own)
            if answer.status_code < _REFUSED:
                return answer
            if isinstance(answer, Relayed):
                await answer.discard()
        return PlainTextResponse(f"pysim does not know what {at.host} holds.\n", status_code=404)

    async def _upload(self, request: Request) -> Response:
        from simulator.twins.pypi.refusals import RequestRefusedError, refusal
        from simulator.twins.pypi.upload_form import read_form

        try:
            form = await read_form(request)
        except RequestRefusedError as error:
            return refusal(request, error)
        try:
            file = _file(form)
            if file is None:
                return PlainTextResponse("404 Not Found: there is no file in this request.\n", status_code=404)
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            await self._receive(request, fields, file)
        finally:
            await form.close()
        return PlainTextResponse("OK\n")

    async def _receive(self, request: Request, fields: Mapping[str, str], file: UploadFile) -> None:
        digest = hashlib.sha256()
        while chunk := await file.read(_CHUNK):
            digest.update(chunk)
        with self._lock:
            host = visit(request).host
            self._taken[host] = self._taken.get(host, 0) + 1
        self._tell(request, fields, file, 200, "OK", sha256=digest.hexdigest())

    def _tell(
        self,
        request: Request,
        fields: Mapping[str, str],
        file: UploadFile | None,
        status: int,
        message: str,
        *,
        sha256: str = "",
    ) -> None:
        at = visit(request)
        self._emit(
            FileUploaded(
                job_id=at.job_id,
                index=at.host,
                project=fields.get("name", ""),
                version=fields.get("version", ""),
                filename=(file.filename if file else None) or "",
                size=(file.size if file else None) or 0,
                sha256=sha256,
                status=status,
                message=message,
            )
        )


def _file(form: FormData) -> UploadFile | None:
    found = form.get("content")
    return None if found is None or isinstance(found, str) else found


def _has_credential(authorization: str) -> bool:
    """Whether an Authorization header holds anything: `Basic Og==` is an empty user with an empty password."""
    _, _, value = authorization.strip().partition(" ")
    return value.strip() not in {"", "Og=="}

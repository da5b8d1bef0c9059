"""GitHub's cache service, both protocols: Twirp with signed URLs (version 2), and the REST of the first one.

Who sees what is decided by refs: a run reads the entries of its own ref, of the base of its pull request and of the
default branch, and writes its own ref's alone (docs.github.com, "Restrictions for accessing a cache").
"""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.run_events import CacheUsed, EventSink
from simulator.twins.azure import BlobResponse, SignedUrls, azure_error, put_blob
from simulator.twins.blobs import BlobError
from simulator.twins.cache_store import CacheError, CacheStore, Entry, Reservation
from simulator.twins.jobs import Jobs, OpenJob
from simulator.twins.twirp import Fields, Method, TwirpError, caller, fields_of, service

FIRST_PROTOCOL: Final = "/_apis/artifactcache"
_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:\*|\d+)")
_Answer = Callable[[OpenJob, Request], Awaitable[Response]]


class CacheTwin:
    """The cache service of a run; `routes` are served by the results service's host."""

    def __init__(self, store: CacheStore, jobs: Jobs, emit: EventSink, *, default_branch: str) -> None:
        self._store, self._jobs, self._emit = store, jobs, emit
        self._default = f"refs/heads/{default_branch}"
        self._uploads, self._downloads = SignedUrls("cache/uploads"), SignedUrls("cache/blobs")
        methods: Mapping[str, Method] = {
            "GetCacheEntryDownloadURL": self._get,
            "CreateCacheEntry": self._create,
            "FinalizeCacheEntryUpload": self._finalize,
        }
        self.routes: Sequence[BaseRoute] = (
            service("CacheService", methods, jobs),
            Route("/cache/uploads/{number:id}", self._put, methods=["PUT"]),
            Route("/cache/blobs/{number:id}", self._download, methods=["GET"]),
            self._first("/cache", self._first_get, "GET"),
            self._first("/caches", self._first_list, "GET"),
            self._first("/caches", self._first_reserve, "POST"),
            self._first("/caches/{number:id}", self._first_part, "PATCH"),
            self._first("/caches/{number:id}", self._first_commit, "POST"),
        )

    async def _get(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        keys = (fields.text("key"), *fields.texts("restore_keys"))
        entry = await self._find(job, keys, fields.text("version"))
        if entry is None:
            return {"ok": False, "signed_download_url": "", "matched_key": ""}
        return {"ok": True, "signed_download_url": self._url(entry), "matched_key": entry.key}

    async def _create(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        made = await asyncio.to_thread(self._store.reserve, fields.text("key"), fields.text("version"), _scope(job))
        return {"ok": True, "signed_upload_url": self._uploads.url(made.number, "PUT"), "message": ""}

    async def _finalize(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        reservation = self._store.reserved(fields.text("key"), fields.text("version"), _scope(job))
        entry = await self._commit(job, reservation, fields.number("size_bytes"))
        return {"ok": True, "entry_id": str(entry.number), "message": ""}

    async def _find(self, job: OpenJob, keys: Sequence[str], version: str) -> Entry | None:
        base = job.grant.claims.get("base_ref", "")
        scopes = dict.fromkeys([_scope(job), *([f"refs/heads/{base}"] if base else []), self._default])
        entry = await asyncio.to_thread(self._store.find, keys, version, tuple(scopes))
        if entry is None:
            self._emit(CacheUsed(job_id=job.grant.job_id, outcome="miss", key=keys[0]))
        else:
            self._tell(job, "hit", entry, keys[0])
        return entry

    async def _commit(self, job: OpenJob, reservation: Reservation, size: int) -> Entry:
        entry = await asyncio.to_thread(self._store.commit, reservation, size)
        self._tell(job, "saved", entry, entry.key)
        return entry

    def _tell(self, job: OpenJob, outcome: Literal["hit", "saved"], entry: Entry, key: str) -> None:
        self._emit(
            CacheUsed(
                job_id=job.grant.job_id,
                outcome=outcome,
                key=key,
                matched=entry.key,
                scope=entry.scope,
                size=entry.size,
                run_id=entry.run_id,
            )
        )

    def _url(self, entry: Entry) -> str:
        return self._downloads.url(entry.number, "GET")

    async def _put(self, request: Request) -> Response:
        number = self._uploads.number(request)
        try:
            reservation = self._store.reservation(number or 0)
        except CacheError:
            return azure_error(403, "AuthenticationFailed")
        return await put_blob(
            request, partial(self._store.receive, reservation), partial(self._store.assemble, reservation)
        )

    async def _download(self, request: Request) -> Response:
        number = self._downloads.number(request)
        entry = await asyncio.to_thread(self._store.entry, number or 0)
        if entry is None or not entry.path.exists():
            return azure_error(404, "BlobNotFound")
        return BlobResponse(entry.path, media_type="application/octet-stream")

    def _first(self, path: str, answer: _Answer, method: str) -> Route:
        """A route of the first protocol."""

        async def respond(request: Request) -> Response:
            try:
                return await answer(caller(request, self._jobs), request)
            except TwirpError as error:
                return JSONResponse({"message": str(error), "typeKey": error.code}, error.status)
            except BlobError as error:
                return JSONResponse({"message": str(error)}, 400)
            except ClientDisconnect:
                return JSONResponse({"message": "the body broke off"}, 400)

        return Route(FIRST_PROTOCOL + path, respond, methods=[method])

    async def _first_get(self, job: OpenJob, request: Request) -> Response:
        keys = [key for key in request.query_params.get("keys", "").split(",") if key]
        entry = await self._find(job, keys, request.query_params.get("version", ""))
        if entry is None:
            return Response(status_code=204)
        return JSONResponse(
            {
                "cacheKey": entry.key,
                "scope": entry.scope,
                "creationTime": _time(entry.created),
                "archiveLocation": self._url(entry),
            }
        )

    async def _first_list(self, _job: OpenJob, request: Request) -> Response:
        entries = await asyncio.to_thread(self._store.entries, request.query_params.get("key", ""))
        listed = [
            {
                "cacheKey": entry.key,
                "scope": entry.scope,
                "cacheVersion": entry.version,
                "creationTime": _time(entry.created),
            }
            for entry in entries
        ]
        return JSONResponse({"totalCount": len(listed), "artifactCaches": listed})

    async def _first_reserve(self, job: OpenJob, request: Request) -> Response:
        fields = await fields_of(request)
        key, version, size = fields.text("key"), fields.text("version"), fields.number("cacheSize")
        made = await asyncio.to_thread(self._store.reserve, key, version, _scope(job), size)
        return JSONResponse({"cacheId": made.number}, 201)

    async def _first_part(self, job: OpenJob, request: Request) -> Response:
        reservation = self._own(job, request)
        given = _RANGE.fullmatch(request.headers.get("content-range", ""))
        if given is None:
            raise CacheError("invalid_argument", "Content-Range is required")
        begin, end = int(given[1]), int(given[2])
        size = await self._store.receive_range(reservation, begin, request.stream())
        if size != end - begin + 1:
            raise CacheError("invalid_argument", f"{size} bytes arrived of {end - begin + 1}")
        return Response(status_code=204)

    async def _first_commit(self, job: OpenJob, request: Request) -> Response:
        reservation = self._own(job, request)
        size = (await fields_of(request)).number("size")
        await asyncio.to_thread(self._store.assemble_ranges, reservation)
        await self._commit(job, reservation, size)
        return Response(status_code=204)

    def _own(self, job: OpenJob, request: Request) -> Reservation:
        reservation = self._store.reservation(int(request.path_params["number"]))
        if reservation.scope != _scope(job):
            raise CacheError("not_found", "cache entry not found")
        return reservation


def _scope(job: OpenJob) -> str:
    """The ref whose entries a job writes."""
    return job.grant.claims.get("ref", "")


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, tz=datetime.UTC).isoformat().replace("+00:00", "Z")

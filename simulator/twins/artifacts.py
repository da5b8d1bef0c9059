"""GitHub's results service: the artifact protocol of actions/upload-artifact and download-artifact v4 and newer.

Five Twirp methods, always in JSON (clients retry anything else), and an Azure blob in small. Bytes are the store's.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from simulator.run_events import ArtifactStored, EventSink
from simulator.twins.application import fault, visit
from simulator.twins.artifact_store import ZIP, Artifact, ArtifactError, ArtifactStore
from simulator.twins.github_api import not_stood_in_for
from simulator.twins.hosts import RESULTS
from simulator.twins.jobs import Jobs, OpenJob, bearer
from simulator.twins.records import Clock

ZIP_VERSIONS: Final = 7  # clients of an older protocol version upload nothing but zip archives
_STATUS: Final = {
    "invalid_argument": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "already_exists": 409,
    "failed_precondition": 412,
}
_LATEST: Final = re.compile(r"<(?:Latest|Committed|Uncommitted)>([^<]*)</")


class Fields:
    """A Twirp request: names in snake or camel case, numbers as numbers or text, absent ones left out."""

    def __init__(self, body: bytes) -> None:
        try:
            self._values = json.loads(body or b"{}")
        except ValueError as error:
            raise ArtifactError("malformed", f"the json request could not be decoded: {error}") from None
        if not isinstance(self._values, dict):
            raise ArtifactError("malformed", "the json request could not be decoded: not an object")

    def text(self, name: str) -> str:
        """A field as text, empty when it is absent."""
        first, *rest = name.split("_")
        value = self._values.get(first + "".join(word.title() for word in rest), self._values.get(name))
        return "" if value is None else str(value)

    def number(self, name: str) -> int:
        """A field as a number, 0 when it is absent."""
        try:
            return int(self.text(name) or 0)
        except ValueError:
            raise ArtifactError("invalid_argument", f"{name} is no number") from None


Method = Callable[[OpenJob, Fields], Awaitable[Mapping[str, Any]]]


class ResultsTwin:
    """The results service's host."""

    def __init__(self, store: ArtifactStore, jobs: Jobs, emit: EventSink, clock: Clock) -> None:
        self._store, self._jobs, self._emit, self._clock = store, jobs, emit, clock
        self._key = secrets.token_bytes(32)
        self._methods: Mapping[str, Method] = {
            "CreateArtifact": self._create,
            "FinalizeArtifact": self._finalize,
            "ListArtifacts": self._list,
            "GetSignedArtifactURL": self._signed_url,
            "DeleteArtifact": self._delete,
        }
        service = "/twirp/github.actions.results.api.v1.ArtifactService/{method}"
        self.app = Starlette(
            routes=[
                Route(service, self._twirp, methods=["POST"]),
                Route("/blob/{number:int}", self._upload, methods=["PUT"]),
                Route("/blob/{number:int}", self._download, methods=["GET"]),
            ],
            exception_handlers={404: _unknown_route, 405: _unknown_route, Exception: fault},
        )

    async def _twirp(self, request: Request) -> Response:
        try:
            job = self._caller(request)
            if (method := self._methods.get(request.path_params["method"])) is None:
                return await not_stood_in_for(request)
            return JSONResponse(await method(job, Fields(await request.body())))
        except ArtifactError as error:
            return JSONResponse({"code": error.code, "msg": str(error)}, _STATUS[error.code])

    def _caller(self, request: Request) -> OpenJob:
        job = self._jobs.get(visit(request).job_id)
        if job is None or bearer(request.headers.get("authorization")) != job.runtime_token:
            raise ArtifactError("unauthenticated", "the runtime token is not that of this job")
        return job

    async def _create(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        _same_job(job, fields)
        mime = fields.text("mime_type") or ZIP
        content_type = ZIP if fields.number("version") < ZIP_VERSIONS else mime
        artifact = self._store.create(job, fields.text("name"), content_type, self._clock())
        return {"ok": True, "signed_upload_url": self._sign(artifact, "PUT")}

    async def _finalize(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        _same_job(job, fields)
        artifact = self._store.find(job.backend_id, fields.text("name"))
        size, digest = fields.number("size"), fields.text("hash")
        stored = await asyncio.to_thread(self._store.finish, artifact.number, size, digest)
        self._emit(
            ArtifactStored(
                job_id=stored.job_id,
                name=stored.name,
                size=stored.size,
                digest=stored.digest,
                files=tuple(stored.files),
            )
        )
        return {"ok": True, "artifact_id": str(artifact.number)}

    async def _list(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        name, number = fields.text("name_filter"), fields.number("id_filter")
        chosen = [
            artifact
            for artifact in self._store.finished(job)
            if name in {"", artifact.name} and number in {0, artifact.number}
        ]
        return {"artifacts": [_described(artifact) for artifact in chosen]}

    async def _signed_url(self, _job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        artifact = self._store.find(fields.text("workflow_job_run_backend_id"), fields.text("name"))
        if artifact.stored is None:
            raise ArtifactError("not_found", f"artifact {artifact.name!r} not found")
        return {"signed_url": self._sign(artifact, "GET")}

    async def _delete(self, _job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        artifact = self._store.find(fields.text("workflow_job_run_backend_id"), fields.text("name"))
        await asyncio.to_thread(self._store.delete, artifact)
        return {"ok": True, "artifact_id": str(artifact.number)}

    def _sign(self, artifact: Artifact, verb: str) -> str:
        return f"https://{RESULTS}/blob/{artifact.number}?sig={self._signature(artifact.number, verb)}"

    def _signature(self, number: int, verb: str) -> str:
        """Long and random: clients mask every `sig` that they see, and a short one would mask half of the log."""
        return hmac.new(self._key, f"{verb} {number}".encode(), hashlib.sha512).hexdigest()

    def _signed(self, request: Request) -> Artifact | None:
        number = int(request.path_params["number"])
        verb = "PUT" if request.method == "PUT" else "GET"
        if not hmac.compare_digest(self._signature(number, verb), request.query_params.get("sig", "")):
            return None
        try:
            return self._store.get(number)
        except ArtifactError:
            return None

    async def _upload(self, request: Request) -> Response:
        artifact = self._signed(request)
        if artifact is None:
            return _azure_error(403, "AuthenticationFailed")
        if artifact.stored:
            return _azure_error(409, "BlobImmutableDueToPolicy")
        part = request.query_params.get("comp")
        try:
            if part == "block":
                await self._store.receive(artifact, request.query_params.get("blockid", ""), request.stream())
            elif part == "blocklist":
                blocks = _LATEST.findall((await request.body()).decode(errors="replace"))
                await asyncio.to_thread(self._store.assemble, artifact, blocks)
            elif part is None:
                await self._store.receive(artifact, "", request.stream())
                await asyncio.to_thread(self._store.assemble, artifact, [""])
            else:
                return _azure_error(400, "InvalidQueryParameterValue")
        except ArtifactError:
            return _azure_error(400, "InvalidBlockList")
        except ClientDisconnect:
            return _azure_error(400, "IncompleteBody")
        echo = request.headers.get("x-ms-client-request-id")
        return Response(status_code=201, headers={"x-ms-client-request-id": echo} if echo else None)

    async def _download(self, request: Request) -> Response:
        artifact = self._signed(request)
        if artifact is None or artifact.stored is None:
            return _azure_error(404, "BlobNotFound")
        # Clients from version 6 on unpack what comes as application/zip and save anything else under this name.
        file = artifact.name + (".zip" if artifact.content_type == ZIP else "")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(file)}"}
        return FileResponse(artifact.path, media_type=artifact.content_type, headers=headers)


def _same_job(job: OpenJob, fields: Fields) -> None:
    ids = fields.text("workflow_run_backend_id"), fields.text("workflow_job_run_backend_id")
    if ids != (job.run_backend_id, job.backend_id):
        raise ArtifactError("permission_denied", "the ids are not those of the runtime token")


def _described(artifact: Artifact) -> Mapping[str, Any]:
    """An artifact as clients list it, with the ids of the job that made it: they send those back to get it."""
    created = datetime.datetime.fromtimestamp(artifact.created, tz=datetime.UTC)
    return {
        "workflow_run_backend_id": artifact.job.run_backend_id,
        "workflow_job_run_backend_id": artifact.job.backend_id,
        "database_id": str(artifact.number),
        "name": artifact.name,
        "size": str(artifact.size),
        "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "digest": artifact.digest,
    }


def _azure_error(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code></Error>", status, media_type="application/xml")


async def _unknown_route(request: Request, _error: Exception) -> Response:
    return await not_stood_in_for(request)

"""GitHub's results service: the artifact protocol of actions/upload-artifact and download-artifact v4 and newer.

Five Twirp methods, always in JSON (clients retry anything else), and an Azure blob in small. Bytes are the store's.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.run_events import ArtifactStored, EventSink
from simulator.twins.application import internal_error
from simulator.twins.artifact_store import ZIP, Artifact, ArtifactError, ArtifactStore
from simulator.twins.azure import BlobResponse, SignedUrls, azure_error, put_blob
from simulator.twins.base import StoredArtifact
from simulator.twins.github_api import not_stood_in_for
from simulator.twins.jobs import Jobs, OpenJob
from simulator.twins.records import Clock
from simulator.twins.twirp import Fields, Method, service

ZIP_VERSIONS: Final = 7  # clients of an older protocol version upload nothing but zip archives


class ResultsTwin:
    """The results service's host; `more` are the routes of what else is served there."""

    def __init__(
        self, store: ArtifactStore, jobs: Jobs, emit: EventSink, clock: Clock, more: Sequence[BaseRoute] = ()
    ) -> None:
        self._store, self._emit, self._clock = store, emit, clock
        self._urls = SignedUrls("blob")
        methods: Mapping[str, Method] = {
            "CreateArtifact": self._create,
            "FinalizeArtifact": self._finalize,
            "ListArtifacts": self._list,
            "GetSignedArtifactURL": self._signed_url,
            "DeleteArtifact": self._delete,
        }
        self.app = Starlette(
            routes=[
                service("ArtifactService", methods, jobs),
                Route("/blob/{number:id}", self._upload, methods=["PUT"]),
                Route("/blob/{number:id}", self._download, methods=["GET"]),
                *more,
            ],
            exception_handlers={404: _unknown_route, 405: _unknown_route, Exception: internal_error},
        )

    def download_url(self, artifact: Artifact) -> str:
        """Where an artifact's content can be fetched without further credentials."""
        return self._urls.url(artifact.number, "GET")

    async def _create(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        _same_job(job, fields)
        mime = fields.text("mime_type") or ZIP
        content_type = ZIP if fields.number("version") < ZIP_VERSIONS else mime
        expires = fields.text("expires_at")
        if expires and not _is_moment(expires):
            raise ArtifactError("invalid_argument", "expires_at is no moment")
        artifact = self._store.create(job, fields.text("name"), content_type, self._clock(), expires)
        return {"ok": True, "signed_upload_url": self._urls.url(artifact.number, "PUT")}

    async def _finalize(self, job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        _same_job(job, fields)
        artifact = self._store.find(job.backend_id, fields.text("name"))
        size, digest = fields.number("size"), fields.text("hash")
        stored = await asyncio.to_thread(self._store.finish, artifact.number, size, digest)
        self._emit(artifact_event(stored))
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
        return {"signed_url": self.download_url(artifact)}

    async def _delete(self, _job: OpenJob, fields: Fields) -> Mapping[str, Any]:
        artifact = self._store.find(fields.text("workflow_job_run_backend_id"), fields.text("name"))
        await asyncio.to_thread(self._store.delete, artifact)
        if artifact.stored is not None:
            self._emit(artifact_event(artifact.stored, deleted=True))
        return {"ok": True, "artifact_id": str(artifact.number)}

    def _signed(self, request: Request) -> Artifact | None:
        number = self._urls.number(request)
        try:
            return self._store.get(number) if number is not None else None
        except ArtifactError:
            return None

    async def _upload(self, request: Request) -> Response:
        artifact = self._signed(request)
        if artifact is None:
            return azure_error(403, "AuthenticationFailed")
        if artifact.stored:
            return azure_error(409, "BlobImmutableDueToPolicy")
        return await put_blob(request, partial(self._store.receive, artifact), partial(self._store.assemble, artifact))

    async def _download(self, request: Request) -> Response:
        artifact = self._signed(request)
        if artifact is None or artifact.stored is None:
            return azure_error(404, "BlobNotFound")
        # Clients from version 6 on unpack what comes as application/zip and save anything else under this name.
        file = artifact.name + (".zip" if artifact.content_type == ZIP else "")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(file)}"}
        return BlobResponse(artifact.path, media_type=artifact.content_type, headers=headers)


def artifact_event(stored: StoredArtifact, *, deleted: bool = False) -> ArtifactStored:
    """What is told of an artifact that is there now, or is there no more."""
    return ArtifactStored(
        job_id=stored.job_id,
        name=stored.name,
        size=stored.size,
        digest=stored.digest,
        files=tuple(stored.files),
        deleted=deleted,
    )


def _is_moment(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return False
    return True


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


async def _unknown_route(request: Request, _error: Exception) -> Response:
    return await not_stood_in_for(request)

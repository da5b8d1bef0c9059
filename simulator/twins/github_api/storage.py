"""The API's view of artifacts and caches: what the services of results and caches hold for this repository."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse, Response

from simulator.run_events import EventSink
from simulator.twins.artifact_store import Artifact, ArtifactError, ArtifactStore
from simulator.twins.artifacts import artifact_event
from simulator.twins.cache_store import CacheStore, Entry
from simulator.twins.github_api.calls import NOT_FOUND, ApiError, Call, Endpoint, Json, moment, paged, utc
from simulator.twins.github_api.objects import Repository, node_id

RETENTION: Final = 90 * 24 * 3600.0  # seconds that GitHub keeps an artifact, unless told otherwise
_DOCS: Final = "actions/artifacts"
_CACHE_DOCS: Final = "actions/cache"


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """The stores that the routes show; `artifact_url` signs the URL of an artifact's content."""

    artifacts: ArtifactStore
    caches: CacheStore
    artifact_url: Callable[[Artifact], str]
    repository: Repository
    emit: EventSink

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        one, keys = "/actions/artifacts/{number:id}", "/actions/caches"
        listing = f"{_DOCS}#list-workflow-run-artifacts"
        return (
            Endpoint("GET", "/actions/runs/{number:id}/artifacts", self._of_run, scope="actions", docs=listing),
            Endpoint("GET", "/actions/artifacts", self._all, scope="actions", docs=_DOCS),
            Endpoint("GET", one, self._one, scope="actions", docs=f"{_DOCS}#get-an-artifact"),
            Endpoint("DELETE", one, self._delete, scope="actions", docs=f"{_DOCS}#delete-an-artifact"),
            Endpoint("GET", f"{one}/zip", self._zip, scope="actions", docs=f"{_DOCS}#download-an-artifact"),
            Endpoint("GET", keys, self._caches, scope="actions", docs=_CACHE_DOCS),
            Endpoint("DELETE", keys, self._delete_keys, scope="actions", docs=_CACHE_DOCS),
            Endpoint("DELETE", f"{keys}/{{number:id}}", self._delete_cache, scope="actions", docs=_CACHE_DOCS),
        )

    async def _of_run(self, call: Call) -> Response:
        run = str(call.number("number"))
        return self._list(call, [one for one in self.artifacts.finished() if one.job.workflow_run == run])

    async def _all(self, call: Call) -> Response:
        return self._list(call, self.artifacts.finished())

    def _list(self, call: Call, artifacts: Sequence[Artifact]) -> Response:
        name = call.query("name")
        newest = [self._shown(one) for one in reversed(artifacts) if name in {"", one.name}]
        return paged(call, newest, key="artifacts")

    async def _one(self, call: Call) -> Response:
        return JSONResponse(self._shown(self._find(call)))

    async def _delete(self, call: Call) -> Response:
        artifact = self._find(call)
        await asyncio.to_thread(self.artifacts.delete, artifact)
        if artifact.stored is not None:
            self.emit(artifact_event(artifact.stored, deleted=True))
        return Response(status_code=204)

    async def _zip(self, call: Call) -> Response:
        """Where the content is. Not as JSON: GitHub's client would take the empty body for it, and fail."""
        if not call.caller.known:
            raise ApiError(401, "Requires authentication")
        url = self.artifact_url(self._find(call))
        return Response(status_code=302, headers={"location": url}, media_type="text/html")

    def _find(self, call: Call) -> Artifact:
        try:
            found = self.artifacts.get(call.number("number"))
        except ArtifactError:
            raise ApiError(404, NOT_FOUND) from None
        if found.stored is None:
            raise ApiError(404, NOT_FOUND)
        return found

    def _shown(self, artifact: Artifact) -> Json:
        url, created = f"{self.repository.url}/actions/artifacts/{artifact.number}", moment(artifact.created)
        claims, run = artifact.job.grant.claims, artifact.job.workflow_run
        return {
            "id": artifact.number,
            "node_id": node_id("Artifact", str(artifact.number)),
            "name": artifact.name,
            "size_in_bytes": artifact.size,
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": False,
            "created_at": created,
            "updated_at": created,
            "expires_at": utc(artifact.expires) if artifact.expires else moment(artifact.created + RETENTION),
            "digest": artifact.digest,
            "workflow_run": {
                "id": int(run or 0),
                "head_branch": claims.get("ref", "").split("/", 2)[-1],
                "head_sha": claims.get("sha"),
            },
        }

    async def _caches(self, call: Call) -> Response:
        found = await asyncio.to_thread(self.caches.entries, call.query("key"), call.query("ref"))
        return paged(call, [_shown_cache(entry) for entry in found], key="actions_caches")

    async def _delete_keys(self, call: Call) -> Response:
        """All entries of the very key, of one ref or of all."""
        key = call.query("key")
        if not key:
            raise ApiError(422, "Invalid request.\n\nFor 'properties/key', nil is not a string.")
        found = await asyncio.to_thread(self.caches.entries, key, call.query("ref"))
        removed = [entry for entry in found if entry.key == key]
        if not removed:
            raise ApiError(404, NOT_FOUND)
        for entry in removed:
            await asyncio.to_thread(self.caches.delete, entry)
        return JSONResponse({"total_count": len(removed), "actions_caches": [_shown_cache(one) for one in removed]})

    async def _delete_cache(self, call: Call) -> Response:
        entry = await asyncio.to_thread(self.caches.entry, call.number("number"))
        if entry is None:
            raise ApiError(404, NOT_FOUND)
        await asyncio.to_thread(self.caches.delete, entry)
        return Response(status_code=204)


def _shown_cache(entry: Entry) -> Json:
    return {
        "id": entry.number,
        "ref": entry.scope,
        "key": entry.key,
        "version": entry.version,
        "last_accessed_at": moment(entry.used),
        "created_at": moment(entry.created),
        "size_in_bytes": entry.size,
    }

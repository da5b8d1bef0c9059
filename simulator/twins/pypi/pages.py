"""What readers get: the simple API, the JSON API, provenance, pages of projects, and files from pypiserver.

Of these only what the catalogue shows. Knows this run's index alone; what it does not hold is its caller's affair.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any, Final, cast

from a2wsgi import WSGIMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.indexes import Index, file_path
from simulator.twins.pypi import simple
from simulator.twins.pypi.accept import acceptable
from simulator.twins.pypi.catalogue import File, Flag, Project, Status
from simulator.twins.pypi.described import describe
from simulator.twins.pypi.json_api import chosen, described_release
from simulator.twins.pypi.pypiserver_application import pypiserver_on
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.tokens import USER

METADATA: Final = ".metadata"
_JSON: Final = "application/json"
_INTEGRITY: Final = "application/vnd.pypi.integrity.v1+json"
_ANYBODY: Final = {
    "access-control-allow-methods": "GET",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "X-PyPI-Last-Serial",
    "access-control-max-age": "86400",
}
_HEADERS: Final = {
    "access-control-allow-headers": "Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"
}
_FOR_EVER: Final = {"cache-control": "max-age=365000000, immutable, public"}


class Pages:
    """The reading side of one index."""

    def __init__(self, index: Index, store: Store) -> None:
        self._index, self._store = index, store
        self._pypiserver = WSGIMiddleware(pypiserver_on(store.packages), workers=4)

    async def close(self) -> None:
        """End pypiserver's threads."""
        self._pypiserver.executor.shutdown()

    def project(self, name: str) -> Project | None:
        """A project of this run's index, by its name in any spelling."""
        with self._store.reading() as catalogue:
            return catalogue.project(name)

    def file(self, filename: str) -> File | None:
        """A file that is visible."""
        with self._store.reading() as catalogue:
            return catalogue.file(filename)

    def is_here(self, file: File) -> bool:
        """Whether its bytes are here, not with the real index alone."""
        with self._store.reading() as catalogue:
            return catalogue.elsewhere(file.filename) is None

    def front(self, request: Request) -> Response:
        """The list of this run's projects."""
        with self._store.reading() as catalogue:
            page = simple.front(catalogue)
        kind = _kind(request)
        body = _written(page) if kind == simple.V1_JSON else simple.front_page(page)
        return _simple(body, kind, page["meta"]["_last-serial"])

    def simple(self, request: Request, project: Project) -> Response:
        """The simple page of a project."""
        with self._store.reading() as catalogue:
            page = simple.detail(describe(catalogue, self._index, project))
        kind = _kind(request)
        body = _written(page) if kind == simple.V1_JSON else simple.detail_page(page)
        return _simple(body, kind, page["meta"]["_last-serial"])

    def json(self, project: Project, version: str | None) -> Response:
        """What the JSON API says of a project, or of one version of it."""
        with self._store.reading() as catalogue:
            found = describe(catalogue, self._index, project)
            releases, owner = catalogue.releases(project.name), catalogue.owner(project.name) or USER
        release = chosen(releases, found.yanked, version)
        headers = {**_ANYBODY, **_HEADERS}
        if release is None or found.status is Status.QUARANTINED:
            return JSONResponse({"message": "Not Found"}, status_code=404, headers=headers)
        body = described_release(found, releases, release, owner=owner, whole=version is None)
        headers |= {"cache-control": "max-age=900, public", "x-pypi-last-serial": str(found.serial)}
        return Response(f"{_written(body)}\n", media_type=_JSON, headers=headers)

    def provenance(self, request: Request, filename: str) -> Response:
        """Who made a visible file."""
        kind = next(iter(acceptable(request.headers.get("accept") or "*/*", (_INTEGRITY, _JSON))), None)
        if kind is None:
            return JSONResponse({"message": "Request not acceptable"}, status_code=406)
        with self._store.reading() as catalogue:
            if catalogue.has(Flag.NO_ATTESTATIONS):
                return JSONResponse({"message": "Attestations temporarily disabled"}, status_code=403)
            document = catalogue.provenance(filename)
        if document is None:
            return JSONResponse({"message": f"No provenance available for {filename}"}, status_code=404)
        headers = {**_ANYBODY, **_HEADERS, "cache-control": "max-age=600, public", "vary": "Accept"}
        return Response(_written(document), media_type=kind, headers=headers)

    def page(self, project: Project, version: str | None) -> Response:
        """The page of a project for people: what it is, and its files."""
        with self._store.reading() as catalogue:
            found = describe(catalogue, self._index, project)
            release = chosen(catalogue.releases(project.name), found.yanked, version)
        if release is None and version is not None:
            return PlainTextResponse("404 Not Found", status_code=404)
        title = html.escape(f"{project.display} {release.version}" if release else project.display)
        summary = html.escape(str(release.metadata.get("summary") or "") if release else "")
        files = [file for file in found.files if release and file.version == release.version]
        links = "".join(f'<li><a href="{html.escape(found.url(f))}">{html.escape(f.filename)}</a></li>' for f in files)
        command = f"pip install {project.name}"
        body = f"<h1>{title}</h1><p>{summary}</p><p><code>{command}</code></p><ul>{links}</ul>"
        return HTMLResponse(f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>")

    def download(self, request: Request, file: File) -> Response:
        """The bytes of a file, from pypiserver; a part of them from its folder, as it leaves such a file open."""
        if "range" in request.headers:
            return FileResponse(self._store.packages / file.filename, media_type="application/octet-stream")
        return _Handed(cast("ASGIApp", self._pypiserver), f"/packages/{file.filename}")

    def metadata(self, file: File) -> Response:
        """The metadata of a wheel, which lies beside it."""
        with self._store.reading() as catalogue:
            content = catalogue.core_metadata(file.filename)
        if content is None:
            return PlainTextResponse("404 Not Found", status_code=404)
        return Response(content, media_type="application/octet-stream", headers=_FOR_EVER)

    def address(self, file: File) -> str:
        """The path of a file."""
        return file_path(file.blake2_256, file.filename)


class _Handed(Response):
    """An answer that another application gives for a path of its own."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        super().__init__()
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "path": self._path, "raw_path": self._path.encode()}, receive, send)


def _written(document: Mapping[str, Any]) -> str:
    """JSON as the index writes it."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _kind(request: Request) -> str:
    """The form of the simple API that a client would have; HTML when it would have none of them."""
    offers = (simple.HTML, simple.V1_HTML, simple.V1_JSON)
    return next(iter(acceptable(request.headers.get("accept", ""), offers)), simple.HTML)


def _simple(body: str, kind: str, serial: int) -> Response:
    headers = {**_ANYBODY, "cache-control": "max-age=600, public", "vary": "Accept", "x-pypi-last-serial": str(serial)}
    return Response(body, media_type=kind, headers=headers)

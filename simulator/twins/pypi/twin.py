"""The hosts of one index: which request is whose. What this run's index does not hold is read from the real ones.

Nothing is ever written outside: any request that writes is answered here, or refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from packaging.utils import canonicalize_name
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, request_response
from starlette.types import Receive, Scope, Send
from trove_classifiers import sorted_classifiers

from simulator.indexes import Index
from simulator.twins.application import internal_error, visit
from simulator.twins.bodies import TooLargeError, read_body
from simulator.twins.pypi.catalogue import Project
from simulator.twins.pypi.downloads import READING, Downloads, refused
from simulator.twins.pypi.minting import Minting
from simulator.twins.pypi.pages import Pages
from simulator.twins.pypi.refusals import RequestRefusedError, refusal
from simulator.twins.pypi.upload import Uploads
from simulator.twins.upstream import Upstream

_TOKENS: Final = 1 << 20  # bytes of a request with a token


class IndexTwin:
    """The hosts of one index. `sources` are the machine's own indexes, in order; empty means the real site."""

    def __init__(
        self,
        index: Index,
        *,
        minting: Minting,
        uploads: Uploads,
        pages: Pages,
        upstream: Upstream,
        sources: Sequence[str | None],
        offline: bool,
    ) -> None:
        self._index, self._minting, self._uploads, self._pages = index, minting, uploads, pages
        self._upstream, self._sources, self._offline = upstream, sources, offline
        self._downloads = Downloads(index, pages, upstream)
        self._site = Starlette(
            routes=[
                Route("/_/oidc/audience", self._audience),
                Route("/_/oidc/mint-token", self._mint, methods=["POST"]),
                Route("/_/oidc/github/mint-token", self._mint, methods=["POST"]),
                Route("/_/oidc/burn-token", self._burn, methods=["POST"]),
                Route("/legacy", self._missing_slash, methods=["POST"]),
                Route("/legacy/", self._upload, methods=["POST"]),
                Route("/legacy/", self._about_uploads, methods=["GET"]),
                *(Route(path, self._classifiers, methods=["GET"]) for path in ("/pypi", "/pypi/")),
                Route("/pypi", self._moved, methods=["POST"]),
                Route("/pypi/", self._moved, methods=["POST"]),
                Route("/simple", self._missing_slash_of_page),
                Route("/simple/", self._front),
                Route("/simple/{project}", self._simple),
                Route("/simple/{project}/", self._simple),
                Route("/packages/{path:path}", self._package),
                Route("/integrity/{project}/{version}/{filename}/provenance", self._provenance),
                Route("/project/{project}", self._missing_slash_of_page),
                Route("/project/{project}/", self._page),
                Route("/project/{project}/{version}", self._missing_slash_of_page),
                Route("/project/{project}/{version}/", self._page),
                Route("/pypi/{project}/json", self._json),
                Route("/pypi/{project}/json/", self._json),
                Route("/pypi/{project}/{version}/json", self._json),
                Route("/pypi/{project}/{version}/json/", self._json),
                *(Route(f"/{old}/{{project}}/", self._old_page) for old in ("p", "pypi")),
                *(Route(f"/{old}/{{project}}/{{version}}/", self._old_page) for old in ("p", "pypi")),
                Mount("/", request_response(self._anything_else)),
            ],
            exception_handlers={Exception: internal_error},
        )
        self._site.router.redirect_slashes = False

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to one of the hosts."""
        request = Request(scope, receive)
        if visit(request).host == self._index.files_host != self._index.main_host:
            await (await self._downloads.answer(request))(scope, receive, send)
        else:
            await self._site(scope, receive, send)

    async def _audience(self, _request: Request) -> Response:
        if not self._minting.is_open:
            return JSONResponse({"message": "Trusted publishing functionality not enabled"}, status_code=403)
        return JSONResponse({"audience": self._index.name})

    async def _mint(self, request: Request) -> Response:
        return await self._exchanged(request, lambda body: self._minting.exchange(body, visit(request).job_id))

    async def _burn(self, request: Request) -> Response:
        """Give a token back (pypi/warehouse#20197): uv does so after its uploads. Accepted whatever it was."""
        return await self._exchanged(request, self._minting.burn)

    async def _exchanged(self, request: Request, answer: Callable[[bytes], tuple[int, Mapping[str, Any]]]) -> Response:
        """In a thread: the index's database may be busy with an upload."""
        try:
            body = await read_body(request, _TOKENS)
        except TooLargeError:
            return refusal(request, RequestRefusedError(413, f"A token is no longer than {_TOKENS >> 20} MB."))
        status, said = await asyncio.to_thread(answer, body)
        return JSONResponse(said, status_code=status)

    async def _missing_slash(self, request: Request) -> Response:
        text = "An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)"
        if visit(request).host != self._index.upload_host:
            return await self._anything_else(request)
        return refusal(request, RequestRefusedError(308, text, location="/legacy/"))

    async def _about_uploads(self, request: Request) -> Response:
        if visit(request).host != self._index.upload_host:
            return await self._anything_else(request)
        return self._uploads.information(request)

    async def _upload(self, request: Request) -> Response:
        if visit(request).host != self._index.upload_host:
            return await self._anything_else(request)
        return await self._uploads.answer(request)

    async def _moved(self, request: Request) -> Response:
        text = f"This API has moved to {self._index.upload_url}. See TODO for more information."
        return refusal(request, RequestRefusedError(410, text))

    async def _classifiers(self, request: Request) -> Response:
        """The classifiers that the index takes, a line each, as `flit` asks for them before it builds."""
        if request.query_params.get(":action") != "list_classifiers":
            return await self._anything_else(request)
        return PlainTextResponse("\n".join(sorted_classifiers))

    async def _front(self, request: Request) -> Response:
        return self._pages.front(request)

    async def _missing_slash_of_page(self, request: Request) -> Response:
        return RedirectResponse(f"{visit(request).path}/", status_code=301)

    async def _simple(self, request: Request) -> Response:
        name = request.path_params["project"]
        normal = f"/simple/{canonicalize_name(name)}/"
        project = self._pages.project(name)
        if project is None:
            return await self._simple_elsewhere(request, canonicalize_name(name))
        if visit(request).path != normal:
            return RedirectResponse(normal, status_code=301)
        return await asyncio.to_thread(self._pages.simple, request, project)

    async def _simple_elsewhere(self, request: Request, name: str) -> Response:
        """The first of the machine's indexes that does not say 404; a redirect, so that links keep their base."""
        if self._offline:
            text = f"404 Not Found: this run is offline, and {name} is not in its index.\n"
            return PlainTextResponse(text, status_code=404)
        for source in self._sources:
            if source is None and len(self._sources) == 1:
                return await self._upstream.relay(request, self._index.main_host)
            page = f"{(source or self._index.simple_url).rstrip('/')}/{name}/"
            if await self._upstream.status(page) != 404:
                return (
                    RedirectResponse(page, 302)
                    if source
                    else await self._upstream.relay(request, self._index.main_host)
                )
        return PlainTextResponse("404 Not Found", status_code=404)

    async def _provenance(self, request: Request) -> Response:
        file = self._pages.file(request.path_params["filename"])
        project = self._pages.project(request.path_params["project"])
        if project is None:
            return await self._anything_else(request)
        if file is None or (file.project, file.version) != (project.name, request.path_params["version"]):
            return JSONResponse({"message": "Not Found"}, status_code=404)
        if self._pages.is_here(file):
            return self._pages.provenance(request, file.filename)
        return await self._anything_else(request)

    async def _package(self, request: Request) -> Response:
        if self._index.files_host == self._index.main_host:
            return await self._downloads.answer(request)
        return RedirectResponse(f"https://{self._index.files_host}{visit(request).path}", status_code=301)

    async def _old_page(self, request: Request) -> Response:
        parts = [request.path_params[name] for name in ("project", "version") if name in request.path_params]
        return RedirectResponse(f"/project/{'/'.join(parts)}/", status_code=301)

    async def _page(self, request: Request) -> Response:
        name, version = request.path_params["project"], request.path_params.get("version")
        project = self._pages.project(name)
        if project is None:
            return await self._anything_else(request)
        if name != project.name:
            tail = f"{version}/" if version else ""
            return RedirectResponse(f"/project/{project.name}/{tail}", status_code=301)
        return self._pages.page(project, version)

    async def _json(self, request: Request) -> Response:
        name, version = request.path_params["project"], request.path_params.get("version")
        project = self._pages.project(name)
        if project is not None:
            return await asyncio.to_thread(self._json_of, project, name, version)
        if self._offline:
            return JSONResponse({"message": "Not Found"}, status_code=404)
        return await self._anything_else(request)

    def _json_of(self, project: Project, name: str, version: str | None) -> Response:
        if name != project.name:
            tail = f"{version}/json" if version else "json"
            return RedirectResponse(f"/pypi/{project.name}/{tail}", status_code=301)
        return self._pages.json(project, version)

    async def _anything_else(self, request: Request) -> Response:
        """Pages of the real site may be read; its upload host and its token service may not even be asked."""
        host, path = visit(request).host, visit(request).path
        if request.method not in READING:
            return refused(request)
        if host in self._index.former_hosts:
            return RedirectResponse(f"https://{self._index.main_host}{path}", status_code=301)
        if host != self._index.main_host or path.startswith(("/_/", "/legacy")):
            return PlainTextResponse("404 Not Found", status_code=404)
        return await self._upstream.relay(request, host)

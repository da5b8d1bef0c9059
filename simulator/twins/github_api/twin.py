"""GitHub's API host, and the one that takes uploads: who asks, may they, which route answers.

The rehearsed repository is answered here. What is public of others is read from the real API, without the job's token;
nothing is ever written there. Any other route is 501, and told.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator.run_events import EventSink, FindingRaised
from simulator.twins.application import internal_error, visit
from simulator.twins.callers import Caller, Callers, missing_permission, permission_by_setting
from simulator.twins.github_api.calls import (
    FORBIDDEN,
    NOT_FOUND,
    ApiError,
    Call,
    Endpoint,
    Json,
    UnsupportedError,
    error_response,
)
from simulator.twins.github_api.lacking import api_not_rehearsed
from simulator.twins.github_api.objects import Repository
from simulator.twins.github_api.queries import Queries
from simulator.twins.github_api.runs import RATE
from simulator.twins.github_api.site import Site
from simulator.twins.upstream import Upstream

_REPOSITORY: Final = re.compile(r"/repos/([^/]+/[^/]+)(/.*)?")
_PUBLIC: Final = re.compile(r"/(?:users|orgs|licenses|gitignore)/.+|/(?:meta|emojis|licenses|versions)")
_ATTESTED: Final = re.compile(r"/(?:users|orgs)/([^/]+)/attestations/[^/]+")
_CONVERTER: Final = re.compile(r"\{kind:(\w+)\}")
API_HOST: Final = "api.github.com"


class ApiTwin:
    """The API's hosts; `site` has the pages that github.com shows of the same."""

    def __init__(
        self,
        *,
        repository: Repository,
        callers: Callers,
        upstream: Upstream,
        emit: EventSink,
        endpoints: Iterable[Endpoint],
        queries: Queries,
        site: Site,
    ) -> None:
        self.site = site
        self._repository, self._callers, self._upstream, self._emit = repository, callers, upstream, emit
        self._queries = queries
        self._routes = Starlette(
            routes=[self._route(endpoint) for endpoint in endpoints],
            exception_handlers={404: self._missing, 405: self._missing, Exception: internal_error},
        )
        self._routes.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        at = visit(request)
        named = _REPOSITORY.fullmatch(at.path)
        if named and named[1].lower() != self._repository.full_name.lower():
            await (await self._elsewhere(request))(scope, receive, send)
        elif _PUBLIC.fullmatch(at.path) and not self._are_own_attestations(at.path):
            await (await self._public(request))(scope, receive, send)
        elif at.path == "/graphql":
            await (await self._graphql(request))(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    def _are_own_attestations(self, path: str) -> bool:
        """Whether the path asks for attestations of the owner, among them those of the rehearsed repository."""
        asked = _ATTESTED.fullmatch(path)
        return asked is not None and asked[1].lower() == self._repository.owner.lower()

    def _route(self, endpoint: Endpoint) -> Route:
        path = endpoint.path
        full = path[1:] if path.startswith("//") else f"/repos/{{owner}}/{{repo}}{path}"
        fixed = _CONVERTER.search(full)
        full = full.replace(fixed[0], fixed[1]) if fixed else full
        return Route(full, self._answering(endpoint, fixed[1] if fixed else ""), methods=[endpoint.method])

    def _answering(self, endpoint: Endpoint, kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if kind:
                request.path_params["kind"] = kind
            try:
                caller = self._admit(request, endpoint)
                response = await endpoint.answer(Call(request=request, caller=caller))
            except ApiError as error:
                response = error_response(error, endpoint.docs)
            except UnsupportedError as error:
                return self._unanswered(request, f" {error}")
            response.headers["x-ratelimit-limit"] = response.headers["x-ratelimit-remaining"] = str(RATE)
            return response

        return answer

    def _admit(self, request: Request, endpoint: Endpoint) -> Caller:
        """Who asks, if they may. GitHub hides from others that a private repository is there."""
        caller = self._callers.of(request)
        if caller is None:
            raise ApiError(401, "Bad credentials")
        private = self._repository.facts.private and not endpoint.path.startswith("//")
        if not caller.known and private:
            raise ApiError(404, NOT_FOUND)
        if not caller.known and endpoint.needs == "write":
            raise ApiError(401, "Requires authentication")
        if (private or endpoint.needs == "write") and not caller.may(endpoint.scope, endpoint.needs):
            did = f"called {request.method} {visit(request).path}"
            self._emit(missing_permission(visit(request).job_id, did, endpoint.scope, endpoint.needs))
            raise ApiError(403, FORBIDDEN)
        if (private or endpoint.needs == "write") and caller.by_setting(endpoint.scope, endpoint.needs):
            self._emit(permission_by_setting(visit(request).job_id, endpoint.scope, endpoint.needs))
        return caller

    # ---- what is not the rehearsed repository's

    async def _elsewhere(self, request: Request) -> Response:
        """Another repository: read from GitHub, never written to."""
        if request.method in {"GET", "HEAD"}:
            return await self._relay(request)
        return error_response(ApiError(403, FORBIDDEN))

    async def _public(self, request: Request) -> Response:
        login = visit(request).path.removeprefix("/users/").lower()
        if request.method in {"GET", "HEAD"} and (known := self._repository.users.get(login)):
            return JSONResponse(known)
        return await self._relay(request) if request.method in {"GET", "HEAD"} else self._unanswered(request)

    async def _relay(self, request: Request) -> Response:
        """A token that pysim made means nothing there; one of the user's own may show what is private."""
        caller = self._callers.of(request)
        own = caller is not None and caller.job is not None
        return await self._upstream.relay(request, API_HOST, credentials=not own)

    async def _graphql(self, request: Request) -> Response:
        caller = self._callers.of(request)
        if caller is None:
            return error_response(ApiError(401, "Bad credentials"), "graphql")
        try:
            return await self._queries.answer(Call(request=request, caller=caller))
        except UnsupportedError as error:
            return self._unanswered(request, f" ({error})")
        except ApiError as error:
            return error_response(error, "graphql")

    async def _missing(self, request: Request, _error: Exception) -> Response:
        return self._unanswered(request)

    def _unanswered(self, request: Request, what: str = "") -> Response:
        """501 with the route; the finding holds where the step takes no notice of it."""
        at = visit(request)
        route = f"{request.method} https://{at.host}{at.path}{what}"
        message = f"pysim does not stand in for {route} yet; nothing was sent to GitHub."
        said = f"The job {at.job_id} called {route}. pysim does not stand in for that: it answered 501."
        self._emit(FindingRaised(finding=api_not_rehearsed(at.job_id, said)))
        body: Json = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": "501"}
        return JSONResponse(body, 501)

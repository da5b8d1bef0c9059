"""A request to the API as its routes see it, and the forms of GitHub's answers: errors, pages, moments.

Knows no route.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.twins.application import visit
from simulator.twins.bodies import TooLargeError, parse_json, read_body, whole_number
from simulator.twins.callers import Caller

DOCS: Final = "https://docs.github.com/rest"
PER_PAGE: Final = 30
MOST_PER_PAGE: Final = 100
_VENDOR: Final = "application/vnd.github."
_MOST_JSON: Final = 8 << 20  # bytes
Json = dict[str, Any]
Arguments = Mapping[str, Any]
Node = Mapping[str, Any]  # of a GraphQL answer: values, nodes, lists of them, or a function of arguments to one


class ApiError(Exception):
    """A request that GitHub refuses; `errors` are its details, as GitHub lists them."""

    def __init__(self, status: int, message: str, *errors: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status, self.errors = status, errors


class UnsupportedError(Exception):
    """What is not answered here of a route: a GraphQL document or a field of it, a media type, a kind of answer."""


def invalid(resource: str, field: str, code: str, message: str = "") -> ApiError:
    """GitHub's 422 for a field."""
    detail = {"resource": resource, "code": code, "field": field, **({"message": message} if message else {})}
    return ApiError(422, "Validation Failed", detail)


NOT_FOUND: Final = "Not Found"
FORBIDDEN: Final = "Resource not accessible by integration"


def error_response(error: ApiError, docs: str = "") -> Response:
    """An error in GitHub's form; `docs` is the page of the route, from the root of the documentation."""
    body: Json = {"message": str(error)}
    if error.errors:
        body["errors"] = list(error.errors)
    body |= {"documentation_url": f"{DOCS}/{docs}".rstrip("/"), "status": str(error.status)}
    return JSONResponse(body, error.status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request for a route of the rehearsed repository, from a caller who may make it."""

    request: Request
    caller: Caller

    @property
    def job_id(self) -> str:
        """The job by whose socket the request came."""
        return visit(self.request).job_id

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """A part of the path that is an id."""
        return int(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """A value of the query."""
        return self.request.query_params.get(name) or default

    def count(self, name: str, default: int) -> int:
        """A value of the query that counts something: what is no number is not heard."""
        number = whole_number(self.query(name))
        return default if number is None else max(1, number)

    async def body(self) -> Json:
        """The JSON object that was sent; an empty body is an empty one. Raises ApiError."""
        try:
            value = parse_json(await read_body(self.request, _MOST_JSON) or b"{}")
        except TooLargeError:
            raise ApiError(413, f"The body is larger than {_MOST_JSON >> 20} MiB") from None
        except ValueError:
            raise ApiError(400, "Problems parsing JSON") from None
        if not isinstance(value, dict):
            raise ApiError(400, "Body should be a JSON object")
        return value

    def wants(self, kind: str) -> str | None:
        """The accepted media type that is GitHub's of a kind (`raw`), or any (`application/octet-stream`), as asked.

        GitHub writes it back as it was asked: `application/vnd.github.v3.raw` and `application/vnd.github.raw+json`.
        """
        accepted = [item.split(";")[0].strip() for item in self.request.headers.get("accept", "").split(",")]
        ours = (each for each in accepted if kind in each.removesuffix("+json").split(".") and each.startswith(_VENDOR))
        return kind if kind in accepted else next(ours, None)

    def refuse_rendered(self) -> None:
        """Raises UnsupportedError where GitHub would render Markdown for the answer."""
        for kind in ("html", "text", "full"):
            if asked := self.wants(kind):
                raise UnsupportedError(f"as {asked}")


Answer = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route: the access that a token needs, the page that documents it, and what answers.

    `path` is a route of Starlette's below the repository's own, or from the root when it begins with `//`.
    """

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    answer: Answer
    scope: str = "contents"
    access: Literal["read", "write"] | None = None  # None: as the method says
    docs: str = ""

    @property
    def needs(self) -> Literal["read", "write"]:
        """The access to its scope that it asks for."""
        return self.access or ("read" if self.method == "GET" else "write")


def as_asked(content: bytes | str, media_type: str) -> Response:
    """Content in the media type that was asked for."""
    return Response(content, media_type=f"{media_type}; charset=utf-8")


def window(call: Call) -> tuple[int, int]:
    """Where the asked page begins, and how many items it holds."""
    size = min(call.count("per_page", PER_PAGE), MOST_PER_PAGE)
    return (call.count("page", 1) - 1) * size, size


def paged(call: Call, items: Sequence[Json], *, key: str = "") -> Response:
    """A page of the items, with links to the others; with `key` an object that counts them all."""
    start, size = window(call)
    shown = list(items[start : start + size])
    last = max(1, -(-len(items) // size))
    page = start // size + 1
    links = {"prev": page - 1, "first": 1} if page > 1 else {}
    links |= {"next": page + 1, "last": last} if page < last else {}
    content = {"total_count": len(items), key: shown} if key else shown
    return JSONResponse(content, headers=link_header(call, links))


def link_header(call: Call, links: Mapping[str, int]) -> Mapping[str, str]:
    """The Link header to other pages, by relation; none when there are no others."""
    at, query = visit(call.request), dict(call.request.query_params)
    urls = {name: f"https://{at.host}{at.path}?{urlencode({**query, 'page': page})}" for name, page in links.items()}
    return {"link": ", ".join(f'<{url}>; rel="{name}"' for name, url in urls.items())} if urls else {}


def moment(seconds: float) -> str:
    """A time as GitHub writes it."""
    return f"{datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def utc(text: str) -> str:
    """A time in ISO form, in UTC."""
    return moment(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())

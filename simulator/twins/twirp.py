"""GitHub's Twirp services in JSON: fields in either spelling, the caller by its token, errors with their status.

Always answers in JSON: clients try again after anything else. Knows no service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.twins.application import visit
from simulator.twins.bodies import TooLargeError, parse_json, read_body, whole_number
from simulator.twins.github_api import not_stood_in_for
from simulator.twins.jobs import Jobs, OpenJob, bearer

MOST_JSON: Final = 1 << 20
_STATUS: Final = {
    "invalid_argument": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "already_exists": 409,
    "failed_precondition": 412,
}


class TwirpError(Exception):
    """A request that a service refuses: a Twirp error code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return _STATUS[self.code]


class Fields:
    """A Twirp request: names in snake or camel case, numbers as numbers or text, absent ones left out."""

    def __init__(self, body: bytes) -> None:
        try:
            self._values = parse_json(body or b"{}")
        except ValueError as error:
            raise TwirpError("malformed", f"the json request could not be decoded: {error}") from None
        if not isinstance(self._values, dict):
            raise TwirpError("malformed", "the json request could not be decoded: not an object")

    def text(self, name: str) -> str:
        """A field as text, empty when it is absent."""
        value = self._get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int:
        """A field as a number, 0 when it is absent."""
        number = whole_number(self.text(name) or "0")
        if number is None:
            raise TwirpError("invalid_argument", f"{name} is no number")
        return number

    def texts(self, name: str) -> tuple[str, ...]:
        """A repeated field, empty when it is absent."""
        value = self._get(name)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def _get(self, name: str) -> Any:
        first, *rest = name.split("_")
        return self._values.get(first + "".join(word.title() for word in rest), self._values.get(name))


async def fields_of(request: Request) -> Fields:
    """What a request says. Raises TwirpError."""
    try:
        return Fields(await read_body(request, MOST_JSON))
    except TooLargeError:
        raise TwirpError("malformed", f"the json request is longer than {MOST_JSON} bytes") from None


Method = Callable[[OpenJob, Fields], Awaitable[Mapping[str, Any]]]


def service(name: str, methods: Mapping[str, Method], jobs: Jobs) -> Route:
    """The route of a service of the results API; a method that it does not have is answered with 501."""

    async def answer(request: Request) -> Response:
        try:
            job = caller(request, jobs)
            if (method := methods.get(request.path_params["method"])) is None:
                return await not_stood_in_for(request)
            return JSONResponse(await method(job, await fields_of(request)))
        except TwirpError as error:
            return JSONResponse({"code": error.code, "msg": str(error)}, error.status)

    return Route(f"/twirp/github.actions.results.api.v1.{name}/{{method}}", answer, methods=["POST"])


def caller(request: Request, jobs: Jobs) -> OpenJob:
    """The job that asks: it must show the token of the job through whose socket it came. Raises TwirpError."""
    job = jobs.get(visit(request).job_id)
    if job is None or bearer(request.headers.get("authorization")) != job.runtime_token:
        raise TwirpError("unauthenticated", "the runtime token is not that of this job")
    return job

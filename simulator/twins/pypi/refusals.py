"""How an index refuses: a status and a sentence, as a page, as JSON or as text. Knows no check."""

from __future__ import annotations

import html
import http
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from simulator.twins.application import visit
from simulator.twins.injection.reason_phrase import SAID
from simulator.twins.pypi.accept import acceptable

_GENERIC: Final = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    409: "There was a conflict when trying to complete your request.",
    410: "This resource is no longer available.  No forwarding address is given.",
    413: "The body of your request was too large for this server.",
    429: "The action could not be performed because there were too many requests by the client.",
}


class RequestRefusedError(Exception):
    """A request that the index does not take, most often an upload: the status and the index's words.

    Those that are not `detailed` stand in its status alone, and so in the title of a page but not in its text.
    `location` is the path that a redirect leads to.
    """

    def __init__(self, status: int, message: str, *, detailed: bool = True, location: str | None = None) -> None:
        super().__init__(message)
        self.status, self.location = status, location
        self.detail = message if detailed else ""


def refusal(request: Request, error: RequestRefusedError) -> Response:
    """The answer in the form that the client accepts, with the standard reason phrase, as the index's CDN leaves it."""
    request.scope["state"][SAID] = str(error)
    code = f"{error.status} {_header_text(str(error))}"
    headers = {"location": f"https://{visit(request).host}{error.location}"} if error.location else None
    form = next(iter(acceptable(request.headers.get("accept", ""), ("text/html", "application/json"))), "text/plain")
    if form == "text/html":
        head, body = html.escape(code, quote=False), _body(error, "<br/>", html.escape)
        page = f"<html>\n <head>\n  <title>{head}</title>\n </head>\n <body>\n  <h1>{head}</h1>\n"
        return HTMLResponse(f"{page}  {body}\n </body>\n</html>", error.status, headers)
    body = _body(error, "\n", str)
    if form == "application/json":
        answer = {"message": body, "code": code, "title": http.HTTPStatus(error.status).phrase}
        return JSONResponse(answer, error.status, headers)
    return PlainTextResponse(f"{code}\n\n{body}", error.status, headers)


def _body(error: RequestRefusedError, line: str, escape: Callable[[str], str]) -> str:
    if error.location:
        moved = f"The resource has been moved to {error.location}; you should be redirected automatically."
        return f"{moved}\n{escape(error.detail)}\n"
    return f"{_GENERIC[error.status]}{line}{line}\n{escape(error.detail)}\n\n"


def _header_text(text: str) -> str:
    """What the index makes of words that go into a status line."""
    return text.encode("latin-1", "replace").decode("latin-1")

"""How an index refuses: a status and a sentence, as a page, as JSON or as text. Knows no check."""

from __future__ import annotations

import html
import http
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from simulator.twins.faults.phrase import SAID
from simulator.twins.pypi.accept import acceptable

_GENERIC: Final = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    409: "There was a conflict when trying to complete your request.",
    410: "This resource is no longer available.  No forwarding address is given.",
    429: "The action could not be performed because there were too many requests by the client.",
}


class RefusedError(Exception):
    """An upload that the index does not take: the status and the index's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refusal(request: Request, error: RefusedError) -> Response:
    """The answer in the form that the client accepts, with the standard reason phrase, as the index's CDN leaves it."""
    request.scope["state"][SAID] = str(error)
    code, generic = f"{error.status} {error}", _GENERIC[error.status]
    form = next(iter(acceptable(request.headers.get("accept", ""), ("text/html", "application/json"))), "text/plain")
    if form == "text/html":
        head, said = html.escape(code, quote=False), html.escape(str(error), quote=False)
        page = f"<html>\n <head>\n  <title>{head}</title>\n </head>\n <body>\n  <h1>{head}</h1>\n"
        return HTMLResponse(f"{page}  {generic}<br/><br/>\n{said}\n\n\n </body>\n</html>", error.status)
    if form == "application/json":
        title = http.HTTPStatus(error.status).phrase
        return JSONResponse(
            {"message": f"{generic}\n\n\n{error}\n\n", "code": code, "title": title}, status_code=error.status
        )
    return PlainTextResponse(f"{code}\n\n{generic}\n\n\n{error}\n\n", error.status)

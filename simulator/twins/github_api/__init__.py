"""GitHub's REST API for what release workflows do, and the answer to all that pysim has no stand-in for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.twins.application import visit


async def not_stood_in_for(request: Request) -> Response:
    """501 with the route, in the form of GitHub's REST errors and of Twirp's at once."""
    at = visit(request)
    route = f"{request.method} https://{at.host}{at.path}"
    message = f"pysim does not stand in for {route} yet; nothing was sent to the real host."
    return JSONResponse({"message": message, "code": "unimplemented", "msg": message}, status_code=501)

"""What the outside systems answer when they fail, byte for byte what a client can tell from it. Knows no fault."""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

# The sentences of the page that PyPI's CDN shows when the origin does not answer (pypi/warehouse#17286, #14780).
_OUTAGE = """<!DOCTYPE html>
<html lang="en">
 <head>
  <meta charset="utf-8">
  <title>Service Unavailable</title>
 </head>
 <body>
  <h1>Sorry, something went wrong</h1>
  <p>PyPI is down for maintenance or is having an outage.</p>
  <p>This is affecting several of our services, including our web interface.<br>
  If you are trying to install a package, you should be able to <strong>pip install</strong> packages
  without problem.</p>
 </body>
</html>
"""


def index_is_down() -> Response:
    """The CDN of an index when its origin is away."""
    return HTMLResponse(_OUTAGE, status_code=503, headers={"cache-control": "no-store"})


def oidc_is_broken() -> Response:
    """GitHub's OIDC service: clients show the status, and the body as it is."""
    return JSONResponse({"message": "Internal Server Error"}, status_code=500)


def twirp_is_broken() -> Response:
    """A Twirp service of GitHub: JSON with the error code `internal`, which clients try again."""
    return JSONResponse({"code": "internal", "msg": "internal server error"}, status_code=500)


def authority_is_down() -> Response:
    """The proxy before the certificate authority."""
    return PlainTextResponse("Bad Gateway\n", status_code=502)

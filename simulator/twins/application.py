"""The twins' one ASGI application: finds the twin for a request's host, and records every request with its job.

Knows no route: those are each twin's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Final, cast

import h11
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.run_events import EventSink, Notice, TwinRequest
from simulator.twins.hosts import TwinName, host_name, twin_of
from simulator.twins.records import OUTSIDE, REFUSED, Records

CLIENT_LEFT: Final = 499
FIELDS: Final = 500  # of a request's head, far more than any client sends
_SEPARATOR: Final = re.compile(r"[/\\]")
_DOTS: Final = frozenset({".", ".."})
RELAYED: Final = "relayed"  # set in a request's state by who passes it on to the real network


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """Where a request came from and what it is for: the job by its socket, the port the job's client chose.

    `path` is decoded. `request.url` is not to be trusted: Starlette makes it of any Host header, and some versions end
    its path at an encoded `?`.
    """

    job_id: str
    host: str
    port: int
    path: str


def visit(request: Request) -> Visit:
    """What the application found out about a request before its twin got it."""
    return cast("Visit", request.scope["state"]["visit"])


async def internal_error(_request: Request, error: Exception) -> Response:
    """The answer to a request that a twin failed at, in JSON: some clients take nothing else."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=CLIENT_LEFT)
    said = "pysim failed to answer"
    return JSONResponse({"code": "internal", "msg": said, "message": said}, status_code=500)


class Application:
    """Hands each request to the twin of its host, or to `outside`.

    TLS for a host outside was never ended here, so such a host inside TLS to a twin is a client's confusion.
    """

    def __init__(
        self,
        twins: Mapping[TwinName, ASGIApp],
        *,
        outside: ASGIApp,
        is_open: Callable[[str], bool],
        records: Records,
        emit: EventSink,
        others: Container[str] = (),
    ) -> None:
        """`others` are the hosts of other indexes."""
        self._twins, self._outside, self._is_open = twins, outside, is_open
        self._records, self._emit, self._others = records, emit, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope)
        written = _without_port(request.headers.get("host", ""))
        host = host_name(written) or written
        scope["state"]["visit"] = Visit(
            job_id=scope["state"]["job"], host=host, port=scope["state"]["port"], path=scope["path"]
        )
        name = twin_of(host) or ("other-index" if host in self._others else None)
        if not _is_plain(scope):
            app: ASGIApp = PlainTextResponse("pysim is no proxy.\n", status_code=400)
        elif len(scope["headers"]) > FIELDS:
            app = PlainTextResponse(f"The request has more than {FIELDS} header fields.\n", status_code=431)
        elif {"content-length", "transfer-encoding"} <= set(request.headers):
            app = PlainTextResponse("A request has a length or is in chunks, and not both.\n", status_code=400)
        elif not self._is_open(scope["state"]["job"]):
            app = PlainTextResponse("This job is over.", status_code=403)
        elif name is not None:
            app = self._twins[name]
        elif scope["scheme"] == "https":
            app = PlainTextResponse(f"{host} is not served here.", status_code=421)
        else:
            app = self._outside
        await self._answer(app, scope, receive, send, name or REFUSED)

    async def _answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, twin: str) -> None:
        """Run the twin. A fault of it is told to the user, and to the client as JSON."""
        recorded = False

        def record(status: int) -> None:
            nonlocal recorded
            request = Request(scope)
            at, method = visit(request), request.method
            by = OUTSIDE if scope["state"].get(RELAYED) else twin
            self._records.add(
                TwinRequest(job_id=at.job_id, twin=by, method=method, host=at.host, path=at.path, status=status)
            )
            recorded = True

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                record(message["status"])  # before the client can go on to its next request
            await send(message)

        try:
            await app(scope, receive, note)
        except (ClientDisconnect, h11.LocalProtocolError):  # the latter: the server told it already that it errs
            return
        except Exception as error:  # noqa: BLE001 - one bad request must not end the others
            self._emit(Notice(message=f"The stand-in {twin} failed: {error!r}", hint="This is a fault of pysim."))
            if not recorded:
                await (await internal_error(Request(scope), error))(scope, receive, note)
        finally:
            if not recorded:
                record(CLIENT_LEFT)


def _is_plain(scope: Scope) -> bool:
    """Whether the target is a path without dot segments: who resolves them would ask for another than was judged."""
    return scope["raw_path"].startswith(b"/") and _DOTS.isdisjoint(_SEPARATOR.split(scope["path"]))


def _without_port(host: str) -> str:
    """The host of a Host header; an IPv6 address keeps its brackets and so is no host name."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and not name.endswith(":") else host

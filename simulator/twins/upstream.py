"""Requests that are answered by the real network: read-only ones to a twin's own host, and plain HTTP to others.

Streams both ways, honours the machine's proxies and certificates. Knows no twin: a twin decides what it passes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Set
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from simulator.twins.application import RELAYED, visit
from simulator.twins.outside import HostRefusedError, Outside

if TYPE_CHECKING:  # a library that few runs wait for: most ask nothing of the real network before their jobs run
    import httpx

_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    b"transfer-encoding upgrade".split()
)
_CREDENTIALS: Final = frozenset({b"authorization", b"cookie"})
_NOT_SENT: Final = _HOP_BY_HOP | {b"host", b"expect"}
Headers = list[tuple[bytes, bytes]]


class Upstream:
    """A client of the real network."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._clients: dict[str | None, httpx.AsyncClient] = {}
        self._status: dict[str, int] = {}

    async def relay(self, request: Request, host: str, *, body: bytes = b"", credentials: bool = False) -> Response:
        """The answer of the real `host` to this request over TLS, with the client's credentials or without.

        A token that pysim made for the job means nothing there, and makes GitHub refuse what it shows to anybody: so
        a request that is refused with its credentials is sent again without.
        """
        import httpx

        if self._outside.offline:
            return PlainTextResponse(f"This run is offline: {host} was not asked.\n", status_code=502)
        request.scope["state"][RELAYED] = True
        url = httpx.URL(scheme="https", host=host, raw_path=_target(request))
        plain = _passed_on(request, drop=_CREDENTIALS | {b"content-length"})
        if not credentials or "authorization" not in request.headers:
            return await self._answer(request.method, url, plain, body)
        answer = await self._answer(request.method, url, _passed_on(request, drop={b"content-length"}), body)
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return answer
        await answer.discard()
        return await self._answer(request.method, url, plain, body)

    async def outside(self, request: Request) -> Response:
        """The answer to a request in plain HTTP for a host that is nobody's twin."""
        at = visit(request)
        import httpx

        try:
            host = await self._outside.admit("http", at.host, at.port)
        except HostRefusedError as error:
            return PlainTextResponse(f"Refused by pysim: {error}.\n", status_code=403)
        except OSError as error:
            return PlainTextResponse(f"{at.host} was not found: {error}.\n", status_code=502)
        request.scope["state"][RELAYED] = True
        url = httpx.URL(scheme="http", host=host, port=at.port, raw_path=_target(request))
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        body = request.stream() if has_body else b""
        try:
            return await self._answer(request.method, url, _passed_on(request), body, judged=True)
        except HostRefusedError as error:
            request.scope["state"][RELAYED] = False
            return PlainTextResponse(f"Refused by pysim: {error}.\n", status_code=403)

    async def status(self, url: str) -> int:
        """The status of a page of the real network, looked up once a run; 0 when it did not answer."""
        import httpx

        if url not in self._status:
            try:
                async with self._client(httpx.URL(url)).stream("GET", url, follow_redirects=True) as response:
                    self._status[url] = response.status_code
            except httpx.HTTPError:
                return 0
        return self._status[url]

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _answer(
        self,
        method: str,
        url: httpx.URL,
        headers: Headers,
        body: bytes | AsyncIterable[bytes],
        *,
        judged: bool = False,
    ) -> Relayed:
        import httpx

        # A request made here, not by the client, has no header that the job's client did not send.
        extensions = {"trace": self._judge(url)} if judged else {}
        request = httpx.Request(method, url, headers=headers, content=body or None, extensions=extensions)
        try:
            return Relayed(await self._client(url).send(request, stream=True))
        except httpx.HTTPError as error:
            text = httpx.ByteStream(f"pysim could not reach {url.host}: {error!r}\n".encode())
            return Relayed(httpx.Response(httpx.codes.BAD_GATEWAY, stream=text))

    def _judge(self, url: httpx.URL) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
        """Ends a connection that leads where none may go, before a byte is sent: names may change meanwhile."""
        port = _port(url)

        async def judge(happened: str, facts: Mapping[str, Any]) -> None:
            if happened != "connection.connect_tcp.complete" or self._outside.proxy(url.scheme, url.host, port):
                return
            stream = facts["return_value"]
            there, here = (str(stream.get_extra_info(end)[0]) for end in ("server_addr", "client_addr"))
            if said := self._outside.why_closed(url.host, port, there, here):
                await stream.aclose()
                raise HostRefusedError(said)

        return judge

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        import httpx

        proxy = self._outside.proxy(url.scheme, url.host, _port(url))
        if proxy not in self._clients:
            timeout = httpx.Timeout(300.0, connect=20.0, pool=None)
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
            self._clients[proxy] = httpx.AsyncClient(
                proxy=proxy, verify=self._outside.trust(), trust_env=False, timeout=timeout, limits=limits
            )
        return self._clients[proxy]


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


class Relayed(StreamingResponse):
    """An answer passed on as it arrives, its bytes and its headers untouched."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(_raw(answer), answer.status_code)
        self.raw_headers = [(n.lower(), v) for n, v in answer.headers.raw if n.lower() not in _HOP_BY_HOP]
        self.discard = answer.aclose


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _target(request: Request) -> bytes:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def _passed_on(request: Request, drop: Set[bytes] = frozenset()) -> Headers:
    return [(name, value) for name, value in request.headers.raw if name not in _NOT_SENT | drop]

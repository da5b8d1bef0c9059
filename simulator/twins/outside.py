"""The way to the real network for what pysim does not stand in for: which places may be reached, and how.

Goes through the machine's HTTP proxy when it has one. Knows no twin; the gateway and the twins' upstream ask here.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from simulator.twins.addresses import ClosedAddresses, is_name_of_this_machine, is_this_machine, look_up, resolved
from simulator.twins.hosts import host_name, twin_of

CONNECT_SECONDS: Final = 20.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HostAndPort = tuple[str, int]


class HostRefusedError(Exception):
    """A place that a job may not reach; the message is for the person who reads the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """What may be reached, and through what.

    `proxies` has the names of the usual environment variables (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, any
    case). `trust` makes the machine's own TLS settings. `local` are places on this machine that may be reached all the
    same: the package indexes that it is configured for.
    """

    offline: bool
    proxies: Mapping[str, str]
    trust: Callable[[], ssl.SSLContext]
    local: frozenset[HostAndPort] = field(default=frozenset())
    closed: ClosedAddresses = field(default_factory=ClosedAddresses)

    def proxy(self, scheme: str, host: str, port: int) -> str | None:
        """The URL of the proxy for a place, None for a direct way."""
        named = {name.lower(): value for name, value in self.proxies.items() if value}
        url = named.get(f"{scheme}_proxy") or named.get("all_proxy")
        bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
        if url is None or bypass(f"{host}:{port}", {"no": named.get("no_proxy", "")}):
            return None
        return url if "//" in url else f"http://{url}"

    async def admit(self, scheme: str, host: str, port: int) -> str:
        """The host as it may be connected to. Raises HostRefusedError; OSError when the name does not resolve."""
        name = host_name(host)
        if name is not None and twin_of(name) is not None:
            raise HostRefusedError(f"{name} never leaves pysim")
        if self.offline:
            raise HostRefusedError(f"this run is offline, and pysim does not stand in for {host}")
        if (host.lower(), port) in self.local:
            return host.lower()
        if name is None:
            raise HostRefusedError(f"{host!r} is no host name")
        if is_name_of_this_machine(name):
            raise HostRefusedError(f"{name} is this machine")
        found = await self._addresses(name, port, is_needed=self.proxy(scheme, name, port) is None)
        if said := next(filter(None, (self._why_not(name, address) for address in found)), None):
            raise HostRefusedError(said)
        return name

    async def _addresses(self, name: str, port: int, *, is_needed: bool) -> Sequence[str]:
        """Where a name leads, beside what leads where none may go. Raises OSError for none, where one is needed."""
        await self.closed.look()
        if not is_needed:
            return await resolved(name)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await look_up(name, port)
        except TimeoutError as error:
            raise OSError(f"no name server answered for {name} within {CONNECT_SECONDS:g} s") from error

    def _why_not(self, name: str, address: str) -> str | None:
        """Why no job may reach an address; a sandbox has a loopback of its own, this machine's is none of a job's."""
        if is_this_machine(address):
            return f"{name} is this machine"
        host = self.closed.host_at(address)
        return f"{name} has an address of {host}, which never leaves pysim" if host else None

    async def connect(self, host: str, port: int) -> Streams:
        """A connection to the host, by the machine's proxy where it has one for HTTPS.

        Raises HostRefusedError and OSError.
        """
        name = await self.admit("https", host, port)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if (proxy := self.proxy("https", name, port)) is None:
                    return await self._direct(name, port)
                return await self._tunnel(proxy, f"{name}:{port}")
        except TimeoutError as error:
            raise OSError(f"{name} did not answer within {CONNECT_SECONDS:g} s") from error

    async def _direct(self, name: str, port: int) -> Streams:
        """A connection, judged by where it really leads: a name may resolve to another address each time."""
        reader, writer = await asyncio.open_connection(name, port)
        there, here = (str(writer.get_extra_info(end)[0]) for end in ("peername", "sockname"))
        if said := self.why_closed(name, port, there, here):
            writer.close()
            raise HostRefusedError(said)
        return reader, writer

    def why_closed(self, name: str, port: int, there: str, here: str) -> str | None:
        """Why no job may have a connection between these addresses; None where it may."""
        if (name, port) in self.local:
            return None
        return f"{name} is this machine" if there == here else self._why_not(name, there)

    async def _tunnel(self, proxy: str, target: str) -> Streams:
        url = urlsplit(proxy)
        secure = self.trust() if url.scheme == "https" else None
        reader, writer = await asyncio.open_connection(url.hostname, url.port or (443 if secure else 80), ssl=secure)
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if url.username:
            user = f"{unquote(url.username)}:{unquote(url.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(user.encode()).decode()}")
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode())
            answer = await reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            writer.close()
            raise OSError(f"the proxy {url.hostname} did not answer") from error
        status = answer.split(b"\r\n", 1)[0].decode(errors="replace")
        if status.split(" ")[1:2] != ["200"]:
            writer.close()
            raise OSError(f"the proxy {url.hostname} answered {status!r}")
        return reader, writer


def hosts_and_ports(urls: Iterable[str]) -> frozenset[HostAndPort]:
    """The host and port of each HTTP URL."""
    split = [urlsplit(url) for url in urls]
    standard = {"http": 80, "https": 443}
    return frozenset((u.hostname, u.port or standard[u.scheme]) for u in split if u.hostname and u.scheme in standard)


def trusting(host_ca: bytes) -> ssl.SSLContext:
    """What the machine trusts; comments between certificates may hold anything."""
    return (
        ssl.create_default_context(cadata=host_ca.decode("ascii", errors="ignore"))
        if host_ca
        else ssl.create_default_context()
    )

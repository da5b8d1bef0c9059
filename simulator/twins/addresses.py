"""Addresses that no job may reach under any name: this machine's, and those of the hosts that never leave pysim.

TLS goes outside byte by byte, so a name alone does not say whom a request in it is for: what shares an address with an
upload host may hand it on.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
import time
from typing import Final

from simulator.twins.hosts import closed_hosts

_SECONDS: Final = 3.0  # that a name may take to be resolved; a network without a name server asks its proxy
_UNDER_WAY: Final = threading.BoundedSemaphore(64)  # names that are being looked up
_AGAIN: Final = 60.0  # seconds after which hosts are looked up again: their addresses change
# Where clouds tell a machine its credentials, beside the link-local addresses: AWS by IPv6, Azure, Alibaba.
_METADATA: Final = {"fd00:ec2::254", "168.63.129.16", "100.100.100.200"}


class ClosedAddresses:
    """Which addresses the closed hosts have, as far as they were ever seen in this run; for one event loop."""

    def __init__(self) -> None:
        self._hosts: dict[str, str] = {}
        self._lookup: asyncio.Task[None] | None = None
        self._looked = 0.0

    async def look(self) -> None:
        """Look the hosts up, unless that was done a moment ago."""
        if self._lookup is None or (self._lookup.done() and time.monotonic() - self._looked > _AGAIN):
            self._looked = time.monotonic()
            self._lookup = asyncio.get_running_loop().create_task(self._look())
        await asyncio.shield(self._lookup)

    async def _look(self) -> None:
        hosts = sorted(closed_hosts())
        for host, found in zip(hosts, await asyncio.gather(*map(resolved, hosts)), strict=True):
            for address in found:
                self._hosts.setdefault(address, host)

    def host_at(self, address: str) -> str | None:
        """The closed host that has an address."""
        return self._hosts.get(plain(address))


async def resolved(name: str) -> tuple[str, ...]:
    """The addresses of a name; none where it does not resolve soon."""
    with contextlib.suppress(OSError, UnicodeError):
        async with asyncio.timeout(_SECONDS):
            return tuple(dict.fromkeys(map(plain, await look_up(name, 443))))
    return ()


async def look_up(name: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError and UnicodeError.

    Nobody waits for a name server that does not answer, not even the end of this process: hence threads of one's own.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | Exception) -> None:
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: list[str] | Exception
        try:
            found = [str(address[0]) for *_, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            found = error
        finally:
            _UNDER_WAY.release()
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, found)

    if not _UNDER_WAY.acquire(blocking=False):
        raise OSError(errno.EAGAIN, "too many names wait for the name server")
    threading.Thread(target=ask, name=f"pysim-name-{name[:40]}", daemon=True).start()
    return await answer


def plain(address: str) -> str:
    """The one spelling of an address, without scope; an IPv4 address in one of IPv6 is that."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def is_this_machine(address: str) -> bool:
    """Whether an address leads to this machine, or to what knows its credentials."""
    ip = ipaddress.ip_address(plain(address))
    if ip.is_loopback or ip.is_unspecified or ip.is_link_local or str(ip) in _METADATA:
        return True
    try:  # only an address of its own can be bound
        with socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((str(ip), 0))
    except OSError:
        return False
    return True


def is_name_of_this_machine(name: str) -> bool:
    """Whether a host, as `host_name` spells it, is this machine by its name alone."""
    own = socket.gethostname().lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or name in {own, own.partition(".")[0]}

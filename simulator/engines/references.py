"""Names of images as Docker reads them, and where a registry leads that one names. Asks no registry."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final

from simulator.engines.base import ContainerError
from simulator.indexes import indexes

DEFAULT_REGISTRY: Final = "docker.io"
_PART: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"({_PART}(?:\.{_PART})*)(?::([0-9]{{1,5}}))?", re.ASCII)
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REST: Final = re.compile(
    rf"({_COMPONENT}(?:/{_COMPONENT})*)(?::(\w[\w.-]{{0,127}}))?(?:@([A-Za-z][\w+.-]*:[0-9a-fA-F]{{32,}}))?", re.ASCII
)
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind a translator (RFC 6052)
_METADATA: Final = {"168.63.129.16"}  # where Azure tells a machine its credentials
_ANY_PORT: Final = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An image of a registry. `tag` is a digest where the name has one; `port` None is the registry's own."""

    host: str
    port: int | None
    path: str
    tag: str

    @property
    def repository(self) -> str:
        """The name without its tag, as the daemon takes it."""
        return f"{self.host}{'' if self.port is None else f':{self.port}'}/{self.path}"

    def __str__(self) -> str:
        return f"{self.repository}{'@' if ':' in self.tag else ':'}{self.tag}"


def read_reference(name: str) -> Reference:
    """Read the name of an image, whose default tag is `latest`. Raises ContainerError."""
    first, slash, rest = name.partition("/")
    # As reference.ParseNormalizedNamed of Docker's distribution tells a host from a part of a path.
    named = slash and (any(c in first for c in ".:") or first == "localhost" or first != first.lower())
    host = _HOST.fullmatch(first if named else DEFAULT_REGISTRY)
    found = _REST.fullmatch(rest if named else name)
    if host is None or found is None:
        raise ContainerError(f"{name!r} is no name of an image that a registry could have")
    path, tag, digest = found.groups()
    registry = host[1].lower()
    if registry in {DEFAULT_REGISTRY, f"index.{DEFAULT_REGISTRY}"}:
        registry, path = DEFAULT_REGISTRY, path if "/" in path else f"library/{path}"
    return Reference(host=registry, port=int(host[2]) if host[2] else None, path=path, tag=digest or tag or "latest")


class UnknownRegistryError(ContainerError):
    """The name of a registry leads nowhere, as far as this machine knows."""


def check_registry(reference: Reference, *, by_proxy: bool) -> None:
    """See that a registry is none of this machine or its network, judged by the addresses that its name leads to.

    `by_proxy` says that the daemon lets a proxy look up names: one that means nothing here is the proxy's business.
    Raises ContainerError, UnknownRegistryError where the name is not known.
    """
    name, port = reference.host, reference.port or 443
    if name == DEFAULT_REGISTRY and reference.port is None:  # as the daemon is set up, not as the job says
        return
    if any(name == host or name.endswith(f".{host}") for index in indexes().values() for host in index.hosts):
        raise ContainerError(f"{reference.repository} is not pulled: {name} is no registry of images")
    try:
        found = sorted({str(each[4][0]) for each in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)})
    except (OSError, UnicodeError) as error:
        if by_proxy and "." in name and not name.endswith(".localhost") and not name.rpartition(".")[2].isdigit():
            return
        raise UnknownRegistryError(
            f"{reference.repository} is not pulled: where {name} leads cannot be seen, as the name is not known here"
        ) from error
    for address in found:
        if _is_closed(address):
            raise ContainerError(
                f"{reference.repository} is not pulled: {name} leads to {address}, which is of this machine or of its "
                "network, and not the job's; an image that is on this machine already can be used"
            )


def _is_closed(address: str) -> bool:
    """Whether an address is not of the internet, or is this machine's own."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return _is_closed(str(inner))
    return not ip.is_global or ip.is_multicast or str(ip) in _METADATA or _is_own(ip)


def _is_own(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether this machine would speak to itself; nothing is sent for it."""
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(ip), _ANY_PORT))
        except OSError:
            return False
        return str(probe.getsockname()[0]) == str(ip)

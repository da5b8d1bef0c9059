"""Which hosts stay inside pysim, and which twin answers for each; the only list of them.

Knows names alone: no socket, no certificate, no request.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Literal

from simulator.indexes import indexes

TwinName = Literal[
    "pypi", "testpypi", "oidc", "results", "github", "github-api", "sigstore", "other-index", "unanswered"
]

GITHUB = "github.com"
OIDC = "token.actions.githubusercontent.com"
RESULTS = "results-receiver.actions.githubusercontent.com"
PIPELINES = "pipelines.actions.githubusercontent.com"
SERVICES = "actions.githubusercontent.com"
FULCIO = "fulcio.sigstore.dev"
REKOR = "rekor.sigstore.dev"

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@functools.cache
def twin_hosts() -> Mapping[str, TwinName]:
    """The hosts that a twin answers for."""
    fixed: dict[str, TwinName] = {
        GITHUB: "github",
        OIDC: "oidc",
        RESULTS: "results",
        "api.github.com": "github-api",
        "uploads.github.com": "github-api",
        FULCIO: "sigstore",
        REKOR: "sigstore",
    }
    return fixed | {host: index.name for index in indexes().values() for host in (*index.hosts, index.files_host)}


@functools.cache
def closed_domains() -> frozenset[str]:
    """Domains none of whose other hosts is let out either: a token or an upload could have another way in there.

    Below Rekor's are the public logs of its newer versions, which take an entry from anybody and keep it for ever.
    """
    return frozenset({SERVICES, REKOR}) | {index.main_host for index in indexes().values()}


@functools.cache
def closed_hosts() -> frozenset[str]:
    """The hosts that take uploads or give tokens: nothing may reach their addresses, whatever name it goes by."""
    taking = {host for index in indexes().values() for host in (index.upload_host, index.main_host)}
    return frozenset({OIDC, RESULTS, PIPELINES, FULCIO, REKOR} | taking)


def host_name(text: str) -> str | None:
    """The one spelling of a host (lower case, no last dot), or None for an address and for what is no host name.

    An address in any of the spellings that resolvers take (octal, hexadecimal, one number) ends in a number.
    """
    name = text.lower().rstrip(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return None if _NUMBER.fullmatch(labels[-1]) else name


def twin_of(host: str) -> TwinName | None:
    """The twin for a host as `host_name` spells it; None for a host outside."""
    if known := twin_hosts().get(host):
        return known
    inside = any(host == domain or host.endswith(f".{domain}") for domain in closed_domains())
    return "unanswered" if inside else None


@functools.cache
def certificate_names() -> tuple[str, ...]:
    """What the twins' certificate is good for."""
    return (*sorted(twin_hosts()), *sorted(f"*.{domain}" for domain in closed_domains()))

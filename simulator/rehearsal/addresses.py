"""Addresses that look like one of the indexes' and take no upload, and the address that is meant."""

from __future__ import annotations

from urllib.parse import urlsplit

from simulator.indexes import TITLES, IndexName, indexes
from simulator.planning.uploads import host_of, index_of_host
from simulator.run_events import TwinRequest

_FAILED = 400
_UPLOAD_PATHS = frozenset({"/legacy", "/legacy/"})  # what the first one lacks, the index and the tools say


def wrong_address(address: str) -> str | None:
    """What is wrong with an address of an upload, as the end of a sentence about it; None for nothing that is known."""
    host = host_of(address)
    index = meant_index(host)
    if index is None:
        return None
    path = urlsplit(address.strip()).path
    if host == indexes()[index].upload_host:
        return None if path in _UPLOAD_PATHS else f"which is not where {TITLES[index]} takes uploads"
    known = host in indexes()[index].hosts or host == indexes()[index].files_host
    return f"and {host} takes no uploads" if known else f"and {TITLES[index]} has no host {host}"


def meant_index(host: str) -> IndexName | None:
    """The index that is meant by a host of one of them, or by a name below it that there is not."""
    index = index_of_host(host)
    return "testpypi" if index and any(label.startswith("test") for label in host.split(".")) else index


def right_address(host: str) -> str:
    """Where the index that is meant by a host takes uploads."""
    index = meant_index(host)
    assert index is not None
    return indexes()[index].upload_url


def asked_in_vain(event: TwinRequest) -> bool:
    """Whether a request is that of an upload, or of a token for one, at an address of an index that has none."""
    index = index_of_host(event.host)
    if index is None or event.status < _FAILED:
        return False
    if event.twin == "unanswered":
        return event.method == "POST" or event.path.startswith("/_/oidc/")
    if event.method != "POST" or event.path.startswith("/_/"):
        return False
    return event.host != indexes()[index].upload_host or event.path not in _UPLOAD_PATHS

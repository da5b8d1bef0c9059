"""Where projects are looked for that this run's index does not hold: the machine's own indexes, or the real site."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from simulator.indexes import Index
from simulator.twins.hosts import host_name, twin_of


def project_sources(index: Index, index_url: str | None, extra_index_urls: Sequence[str]) -> Sequence[str | None]:
    """Where projects are looked for that this run's index does not hold; None stands for the real site.

    The machine's configuration is about the main index. TestPyPI's other projects come from TestPyPI.
    """
    if index.name != "pypi":
        return (None,)
    sources = [_source(url) for url in (index_url, *extra_index_urls) if url is None or url.startswith("http")]
    return tuple(sources) or (None,)


def _source(url: str | None) -> str | None:
    """A configured index; one on a host that pysim stands in for is the real site."""
    host = host_name(urlsplit(url or "").hostname or "")
    return None if url is None or (host and twin_of(host)) else url

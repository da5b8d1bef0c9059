"""Which projects and files of this run the real indexes hold already. Reads their pages of links; knows no upload."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from simulator.indexes import indexes
from simulator.twins.base import PublishedFile, ReleasedProject
from simulator.twins.outside import Outside
from simulator.twins.pypi.project_sources import project_sources

if TYPE_CHECKING:  # a library that few runs wait for
    import httpx

_SECONDS: Final = 10.0


def released(
    files: Sequence[PublishedFile], outside: Outside, *, index_url: str | None, extra_index_urls: Sequence[str]
) -> Iterator[ReleasedProject]:
    """Of the files' projects those that the real index of each has, as far as it answers.

    The machine's own indexes are asked where it is configured for some.
    """
    if outside.offline:
        return
    for (name, project), group in groupby(sorted(files, key=_WHERE), key=_WHERE):
        index = indexes()[name]
        sources = [source or index.simple_url for source in project_sources(index, index_url, extra_index_urls)]
        page = "\n".join(_page(outside, f"{source.rstrip('/')}/{project}/") for source in sources)
        if page:
            yield ReleasedProject(
                index=name, project=project, files=tuple(file for file in group if _is_other(file, page))
            )


_WHERE: Final = attrgetter("index", "project")


def _page(outside: Outside, url: str) -> str:
    import httpx

    at = httpx.URL(url)
    port = at.port or (443 if at.scheme == "https" else 80)
    try:
        with _client(outside, outside.proxy(at.scheme, at.host, port)) as client:
            answer = client.get(at)
    except httpx.HTTPError:
        return ""
    return answer.text if answer.is_success else ""


def _client(outside: Outside, proxy: str | None) -> httpx.Client:
    import httpx

    return httpx.Client(proxy=proxy, verify=outside.trust(), trust_env=False, timeout=_SECONDS, follow_redirects=True)


def _is_other(file: PublishedFile, page: str) -> bool:
    links = re.findall(rf"/{re.escape(file.filename)}(?:#sha256=(\w+))?[\"']", page)
    return bool(links) and file.sha256 not in links

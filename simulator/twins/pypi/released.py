"""Which projects and files of this run the real indexes hold already. Reads their pages of links; knows no upload."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from simulator.indexes import indexes
from simulator.twins.base import PublishedFile, ReleasedProject
from simulator.twins.outside import Outside
from simulator.twins.pypi.project_sources import project_sources
from simulator.twins.pypi.real_index import Limits, read_page

_LIMITS: Final = Limits(size=256 << 20, seconds=15.0)


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
        page = "\n".join(read_page(outside, f"{source.rstrip('/')}/{project}/", _LIMITS) for source in sources)
        if page:
            yield ReleasedProject(
                index=name, project=project, files=tuple(file for file in group if _is_other(file, page))
            )


_WHERE: Final = attrgetter("index", "project")


def _is_other(file: PublishedFile, page: str) -> bool:
    links = re.findall(rf"/{re.escape(file.filename)}(?:#sha256=(\w+))?[\"']", page)
    return bool(links) and file.sha256 not in links

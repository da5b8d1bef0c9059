"""Which projects and files of this run the real indexes hold already. Reads their pages of links; knows no upload."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from packaging.version import Version

from simulator.errors import SimulatorError
from simulator.indexes import IndexName, indexes
from simulator.twins.base import HeldRelease, PublishedFile, ReleasedProject
from simulator.twins.outside import Outside
from simulator.twins.pypi.catalogue import Catalogue
from simulator.twins.pypi.checks.submission import parsed_version
from simulator.twins.pypi.project_sources import project_sources
from simulator.twins.pypi.real_index import Limits, read_page, read_project

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


def held_by_copy(
    catalogue: Catalogue, index: IndexName, project: str, version: Version, run_id: str
) -> HeldRelease | None:
    """A release that a run's copy of an index held before the run of this id; one without a file counts for nothing."""
    files = [file for file in catalogue.files(project) if file.run_id != run_id]
    times = [file.uploaded for file in files if parsed_version(file.version) == version]
    return _held(index, project, version, times, real=False)


def held_by_real_index(
    index: IndexName,
    project: str,
    version: Version,
    outside: Outside,
    *,
    index_url: str | None,
    extra_index_urls: Sequence[str],
) -> HeldRelease | None:
    """A release that the real index holds, as far as it answers."""
    sources = project_sources(indexes()[index], index_url, extra_index_urls)
    try:
        found = read_project(outside, indexes()[index], sources, project, limits=_LIMITS)
    except SimulatorError:
        return None
    times = [each.file.uploaded for each in found.files if parsed_version(each.file.version) == version]
    return _held(index, project, version, times, real=True)


def _held(
    index: IndexName, project: str, version: Version, times: Sequence[float], *, real: bool
) -> HeldRelease | None:
    if not times:
        return None
    return HeldRelease(index=index, project=project, version=str(version), since=min(times), real=real)


_WHERE: Final = attrgetter("index", "project")


def _is_other(file: PublishedFile, page: str) -> bool:
    links = re.findall(rf"/{re.escape(file.filename)}(?:#sha256=(\w+))?[\"']", page)
    return bool(links) and file.sha256 not in links

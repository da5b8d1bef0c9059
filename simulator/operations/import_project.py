"""Takes over what the real index says of a project. Writes in `.pysim/` alone."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from simulator.engines.host import host_settings
from simulator.indexes import indexes
from simulator.operations.index import KeptIndex, require_project_name
from simulator.twins.outside import Outside, trusting
from simulator.twins.pypi.imports import put
from simulator.twins.pypi.project_sources import project_sources
from simulator.twins.pypi.real_index import read_project


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedProject:
    """A project as it is known now: counts, its owners on the index, and the files that too little is told of."""

    name: str
    releases: int
    yanked: int
    files: int
    owners: tuple[str, ...]
    left_out: tuple[str, ...]


def import_project(kept: KeptIndex, project: str, *, owner: str | None = None) -> ImportedProject:
    """Take a project over, as `owner`'s or as one's own.

    Raises UsageError when there is none, and TwinError when the index does not answer.
    """
    require_project_name(project)
    host, index = host_settings(), indexes()[kept.index]
    outside = Outside(offline=False, proxies=host.proxies, trust=functools.cache(lambda: trusting(host.ca_bundle)))
    sources = project_sources(index, host.index_url, host.extra_index_urls)
    real = read_project(outside, index, sources, canonicalize_name(project))
    with kept.changing() as (_, catalogue):
        left_out = put(catalogue, real, owner)
        return ImportedProject(
            name=real.name,
            releases=len(catalogue.releases(real.name)),
            yanked=len(catalogue.yanked(real.name)),
            files=len(catalogue.files(real.name)),
            owners=tuple(real.owners),
            left_out=tuple(left_out),
        )

"""`pysim index import`: takes over what the real index says of a project. Writes in `.pysim/` alone."""

from __future__ import annotations

import functools
from typing import Final

from packaging.utils import canonicalize_name

from simulator.cli.commands.index import Place, Say
from simulator.engines.host import host_settings
from simulator.errors import ExitCode, UsageError
from simulator.indexes import indexes
from simulator.report.words import plural, without_escapes
from simulator.twins.outside import Outside, trusting
from simulator.twins.pypi.creation import NAME
from simulator.twins.pypi.imports import put
from simulator.twins.pypi.project_sources import project_sources
from simulator.twins.pypi.real_index import RealProject, read_project

_LISTED: Final = 5
_NOT_TOLD: Final = (
    "Deleted files are not in its answer: `pysim index delete NAME VERSION` or FILE declares them. Nor is when a "
    "release was made, which is taken to be when its first file was uploaded."
)


def import_project(place: Place, say: Say, *, project: str, owner: str | None) -> ExitCode:
    """Take a project over. Raises UsageError when there is none, and TwinError when the index does not answer."""
    if not NAME.fullmatch(project):
        raise UsageError(f"{project!r} is no name of a project.", hint="Letters, digits, '.', '-' and '_'.")
    host, index = host_settings(), indexes()[place.index]
    outside = Outside(offline=False, proxies=host.proxies, trust=functools.cache(lambda: trusting(host.ca_bundle)))
    places = project_sources(index, host.index_url, host.extra_index_urls)
    real = read_project(outside, index, places, canonicalize_name(project))
    with place.changing() as (_, catalogue):
        left_out = put(catalogue, real, owner)
        yanked = len(catalogue.yanked(real.name))
        releases, files = len(catalogue.releases(real.name)), len(catalogue.files(real.name))
    counts = f"{plural(releases, 'release')}{f' ({yanked} yanked)' if yanked else ''} and {plural(files, 'file')}"
    say(f"{real.name} is on {place.title} with {counts}.")
    say(_whose(real, owner))
    if left_out:
        more = f" and {len(left_out) - _LISTED} more" if len(left_out) > _LISTED else ""
        say(without_escapes(f"Left out, as too little is told of them: {', '.join(left_out[:_LISTED])}{more}."))
    say(_NOT_TOLD)
    return ExitCode.GO


def _whose(real: RealProject, owner: str | None) -> str:
    if owner is not None:
        return without_escapes(f"It counts as {owner}'s.")
    who = f" (on the index: {', '.join(real.owners)})" if real.owners else ""
    return without_escapes(f"It counts as yours{who}; say --owner USER if it is somebody else's.")

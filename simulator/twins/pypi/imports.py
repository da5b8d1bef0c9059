"""Puts what the real index says of a project into a local one, in place of what that held of it. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.version import Version

from simulator.twins.pypi.catalogue import Catalogue, Project, Release
from simulator.twins.pypi.real_index import IMPORTED, RealFile, RealProject


def put(catalogue: Catalogue, real: RealProject, owner: str | None) -> Sequence[str]:
    """Let the catalogue hold the project; the names of files that it cannot take.

    A release counts as made when its first file was uploaded: when it really was, no JSON tells. A file that was
    imported once and is gone was deleted meanwhile.
    """
    burnt = set(catalogue.burnt())
    if (known := catalogue.project(real.name)) is not None:
        seen = {file.filename for file in catalogue.files(known.name) if file.run_id == IMPORTED}
        for name in set(catalogue.remove_project(known)) - burnt - seen:
            catalogue.unburn(name)
    project = catalogue.add_project(real.display)
    catalogue.set_owner(project, owner)
    catalogue.set_status(project, real.status)
    _add_releases(catalogue, project, real)
    left_out = [*real.left_out, *_add_files(catalogue, real.files)]
    yanked = {found.file.version: found.yanked for found in real.files if found.yanked is not None}
    for release in catalogue.releases(project.name):
        if (reason := yanked.get(release.version)) is not None:
            catalogue.yank(release, reason)
    if real.serial is not None:
        catalogue.set_serial(project, real.serial)
    return left_out


def _add_releases(catalogue: Catalogue, project: Project, real: RealProject) -> None:
    created = dict.fromkeys(real.versions, 0.0)
    created |= {found.file.version: found.file.uploaded for found in reversed(real.files)}
    for version, at in sorted(created.items(), key=lambda item: (item[1], Version(item[0]))):
        metadata = real.info if version == real.latest else {"version": version}
        catalogue.add_release(Release(project=project.name, version=version, created=at, metadata=metadata))


def _add_files(catalogue: Catalogue, files: Iterable[RealFile]) -> Iterable[str]:
    for found in files:
        file = found.file
        if catalogue.file_like(file.filename, file.blake2_256):
            yield file.filename
            continue
        catalogue.unburn(file.filename)
        catalogue.add_file(file)
        catalogue.set_elsewhere(file.filename, found.place)
        if found.metadata_digest:
            catalogue.add_core_metadata(file.filename, found.metadata_digest, None)

"""What the simple API (version 1.4) says of a project, as JSON has it: also the source of its HTML form.

Knows no request.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final

from packaging.version import Version

from simulator.indexes import Index
from simulator.twins.pypi.catalogue import Catalogue, File, Project, Status

API_VERSION: Final = "1.4"
_SHOWN: Final = {Status.ARCHIVED, Status.QUARANTINED}


def project_status(catalogue: Catalogue, project: Project) -> str:
    """`active`, `archived` or `quarantined`."""
    status = catalogue.status(project)
    return str(status) if status in _SHOWN else "active"


def detail(catalogue: Catalogue, index: Index, project: Project) -> Mapping[str, Any]:
    """The project's page: its files by version, then by name. A quarantined project shows none."""
    status = project_status(catalogue, project)
    files = [] if status == Status.QUARANTINED else in_order(catalogue.files(project.name))
    yanked = catalogue.yanked(project.name)
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": catalogue.serial(project.name)},
        "name": project.name,
        "project-status": {"status": status},
        "versions": list(dict.fromkeys(file.version for file in files)),
        "files": [_file(catalogue, index, file, yanked) for file in files],
    }


def front(catalogue: Catalogue) -> Mapping[str, Any]:
    """The list of all projects but quarantined ones."""
    shown = [each for each in catalogue.projects() if catalogue.status(each) is not Status.QUARANTINED]
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": catalogue.last_serial()},
        "projects": [{"name": each.display, "_last-serial": catalogue.serial(each.name)} for each in shown],
    }


def in_order(files: Sequence[File]) -> Sequence[File]:
    """Files by version, then by name."""
    return sorted(files, key=lambda file: (Version(file.version), file.filename))


def yanked_as_shown(yanked: Mapping[str, str], version: str) -> bool | str:
    """False, True, or the reason that was given."""
    return yanked[version] or True if version in yanked else False


def metadata_as_shown(catalogue: Catalogue, filename: str) -> bool | Mapping[str, str]:
    """False for an sdist, and the digest for a wheel."""
    digest = catalogue.metadata_digest(filename)
    return {"sha256": digest} if digest else False


def file_url(catalogue: Catalogue, index: Index, file: File) -> str:
    """Where a file is downloaded."""
    place = catalogue.elsewhere(file.filename)
    return place.url if place else index.file_url(file.filename)


def uploaded_at(file: File) -> datetime.datetime:
    """When a file was uploaded."""
    return datetime.datetime.fromtimestamp(file.uploaded, tz=datetime.UTC)


def _file(catalogue: Catalogue, index: Index, file: File, yanked: Mapping[str, str]) -> Mapping[str, Any]:
    place = catalogue.elsewhere(file.filename)
    digest = metadata_as_shown(catalogue, file.filename)
    return {
        "filename": file.filename,
        "url": file_url(catalogue, index, file),
        "hashes": {"sha256": file.sha256},
        "requires-python": file.requires_python,
        "size": file.size,
        "upload-time": uploaded_at(file).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "yanked": yanked_as_shown(yanked, file.version),
        "data-dist-info-metadata": digest,
        "core-metadata": digest,
        "provenance": place.provenance if place else None,
    }

"""What an index says of the files of a project, whatever the form: their addresses, metadata, dates, what is yanked.

Knows no request.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from simulator.indexes import Index
from simulator.twins.pypi.catalogue import Catalogue, Elsewhere, File, Project, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """The files of a project with what is known beside them. A quarantined project shows none."""

    index: Index
    project: Project
    status: Status | None
    serial: int
    files: Sequence[File]  # by version, then by name
    requires_python: Mapping[str, str | None]  # by version: what the first file said counts for all
    yanked: Mapping[str, str]
    digests: Mapping[str, str]
    elsewhere: Mapping[str, Elsewhere]
    attested: frozenset[str]

    @property
    def versions(self) -> Sequence[str]:
        """The versions that have files, lowest first."""
        return tuple(dict.fromkeys(file.version for file in self.files))

    def url(self, file: File) -> str:
        """Where a file is downloaded."""
        place = self.elsewhere.get(file.filename)
        return place.url if place else self.index.file_url(file.blake2_256, file.filename)

    def core_metadata(self, file: File) -> bool | Mapping[str, str]:
        """The digest of a wheel's metadata; False for an sdist."""
        digest = self.digests.get(file.filename)
        return {"sha256": digest} if digest else False

    def is_yanked(self, version: str) -> bool | str:
        """False, the reason that was given, or True where none was."""
        return self.yanked[version] or True if version in self.yanked else False

    def provenance(self, file: File) -> str | None:
        """Where the integrity API says who made a file; None where nobody did."""
        if file.filename in self.attested:
            path = f"{self.project.name}/{file.version}/{file.filename}"
            return f"https://{self.index.main_host}/integrity/{path}/provenance"
        place = self.elsewhere.get(file.filename)
        return place.provenance if place else None


def describe(catalogue: Catalogue, index: Index, project: Project) -> Described:
    """All that is shown of a project's files."""
    status = catalogue.status(project)
    files = [] if status is Status.QUARANTINED else catalogue.files(project.name)
    return Described(
        index=index,
        project=project,
        status=status,
        serial=catalogue.serial(project.name),
        requires_python={file.version: file.requires_python for file in reversed(files)},
        files=sorted(files, key=lambda file: (Version(file.version), file.filename)),
        yanked=catalogue.yanked(project.name),
        digests=catalogue.metadata_digests(project.name),
        elsewhere=catalogue.elsewheres(project.name),
        attested=catalogue.attested(project.name),
    )


def moment(file: File) -> Mapping[str, Any]:
    """When a file was uploaded: `iso` with microseconds, `short` without."""
    at = datetime.datetime.fromtimestamp(file.uploaded, tz=datetime.UTC)
    return {"iso": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "short": at.strftime("%Y-%m-%dT%H:%M:%S")}

"""The JSON API: what an index says of a project, or of one version of it. Knows no request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from packaging.version import Version

from simulator.twins.pypi.catalogue import File, Release
from simulator.twins.pypi.described import Described, moment

_INFO: Final[Sequence[str]] = (
    "author",
    "author_email",
    "description_content_type",
    "download_url",
    "dynamic",
    "home_page",
    "license",
    "license_expression",
    "license_files",
    "maintainer",
    "maintainer_email",
    "project_urls",
    "provides_extra",
    "requires_dist",
    "requires_python",
    "summary",
)
_ROLE: Final = "Owner"


def chosen(releases: Sequence[Release], yanked: Mapping[str, str], version: str | None) -> Release | None:
    """The release of a version in any spelling; with none the default one, not yanked and final where there is one."""
    if version is not None:
        return next((each for each in releases if _same(each.version, version)), None)
    return max(releases, key=lambda each: _preference(each.version, yanked), default=None)


def described_release(
    found: Described, releases: Sequence[Release], release: Release, *, owner: str, whole: bool
) -> Mapping[str, Any]:
    """The answer for a release; with `whole` it is the project's, and has all releases."""
    by_version: dict[str, list[Mapping[str, Any]]] = {each.version: [] for each in releases}
    for file in found.files:
        by_version[file.version].append(_file(found, file))
    return {
        "info": _info(found, release),
        "last_serial": found.serial,
        "ownership": {"roles": [{"role": _ROLE, "user": owner}], "organization": None},
        **({"releases": by_version} if whole else {}),
        "urls": by_version[release.version],
        "vulnerabilities": [],
    }


def _info(found: Described, release: Release) -> Mapping[str, Any]:
    page = f"https://{found.index.main_host}/project/{found.project.name}/"
    metadata = release.metadata
    return {
        **{name: metadata.get(name) or None for name in _INFO},
        "bugtrack_url": None,
        "classifiers": metadata.get("classifiers") or [],
        "description": metadata.get("description") or "",
        "docs_url": None,
        "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
        "keywords": _joined(metadata.get("keywords")),
        "name": found.project.display,
        "package_url": page,
        "platform": _joined(metadata.get("platforms") or metadata.get("platform")),
        "project_url": page,
        "release_url": f"{page}{release.version}/",
        "version": release.version,
        "yanked": release.version in found.yanked,
        "yanked_reason": found.yanked.get(release.version) or None,
    }


def _file(found: Described, file: File) -> Mapping[str, Any]:
    at = moment(file)
    return {
        "comment_text": None,
        "core-metadata": found.core_metadata(file),
        "digests": {"blake2b_256": file.blake2_256, "md5": file.md5, "sha256": file.sha256},
        "downloads": -1,
        "filename": file.filename,
        "has_sig": False,
        "md5_digest": file.md5,
        "packagetype": file.filetype,
        "python_version": file.pyversion,
        "requires_python": found.requires_python[file.version],
        "size": file.size,
        "upload_time": at["short"],
        "upload_time_iso_8601": at["iso"],
        "url": found.url(file),
        "yanked": file.version in found.yanked,
        "yanked_reason": found.yanked.get(file.version) or None,
    }


def _joined(value: object) -> str | None:
    """One text of a list, as forms of uploads have it and JSON does not."""
    return (",".join(map(str, value)) if isinstance(value, list) else str(value)) if value else None


def _same(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except ValueError:
        return one == other


def _preference(version: str, yanked: Mapping[str, str]) -> tuple[bool, bool, Version]:
    parsed = Version(version)
    return version not in yanked, not parsed.is_prerelease, parsed

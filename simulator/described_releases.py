"""What the page of a release on an index shows, as an event has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseDescribed:
    """The metadata of a version that an index took: those of its first file, as the upload form has them.

    `people` are authors and maintainers, `urls` are `label, address`. Long values are cut.
    """

    job_id: str
    index: str
    project: str
    version: str
    summary: str = ""
    description: str = ""
    description_type: str = ""
    requires_python: str = ""
    license: str = ""
    people: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

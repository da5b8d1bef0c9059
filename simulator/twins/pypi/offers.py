"""An upload as it was sent: the form's fields and the file, nothing judged yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.twins.pypi.store import Staged

LISTS = {
    "classifiers": "classifiers",
    "dynamic": "dynamic",
    "import_name": "import_names",
    "import_namespace": "import_namespaces",
    "license_file": "license_files",
    "obsoletes": "obsoletes",
    "obsoletes_dist": "obsoletes_dist",
    "platform": "platforms",
    "provides": "provides",
    "provides_dist": "provides_dist",
    "provides_extra": "provides_extra",
    "requires": "requires",
    "requires_dist": "requires_dist",
    "requires_external": "requires_external",
    "supported_platform": "supported_platforms",
}
"""The form's fields that repeat, and what `packaging.metadata` calls them."""

SINGLE = (
    "author",
    "author_email",
    "description",
    "description_content_type",
    "download_url",
    "home_page",
    "license",
    "license_expression",
    "maintainer",
    "maintainer_email",
    "metadata_version",
    "name",
    "requires_python",
    "summary",
    "version",
)
"""The form's other metadata fields but `keywords` and `project_urls`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedFile:
    """The file of an upload, as its sender named it."""

    filename: str
    content_type: str
    staged: Staged


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """An upload. `fields` has every value of each text field; `misplaced` is a field that held a file wrongly."""

    fields: Mapping[str, Sequence[str]]
    file: OfferedFile | None
    authorization: str | None
    misplaced: str | None = None

    def given(self, name: str) -> Sequence[str]:
        """All values of a metadata field; a single empty one is none, as for the index."""
        values = self.fields.get(name, ())
        return () if tuple(values) == ("",) else values

    def first(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return next(iter(self.fields.get(name, ())), default)

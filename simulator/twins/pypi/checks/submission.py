"""What checks look at: an upload, what the index knows, and what follows from both. Judges nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.metadata import RawMetadata
from packaging.utils import canonicalize_name
from packaging.version import Version

from simulator.indexes import Index
from simulator.run_events import Notice
from simulator.twins.pypi.catalogue import Catalogue, Flag, Project, Release
from simulator.twins.pypi.checks.scanning import encrypted
from simulator.twins.pypi.members import TarContents, read_tar
from simulator.twins.pypi.offers import LISTS, SINGLE, Offer, OfferedFile
from simulator.twins.pypi.publishers import Registration
from simulator.twins.pypi.tokens import Identity, identify, password
from simulator.twins.pypi.verification import AttestationError, Attested, Verification


@dataclass(frozen=True, kw_only=True)
class Submission:
    """An upload within the transaction that it is judged and stored in."""

    offer: Offer
    index: Index
    catalogue: Catalogue
    now: float
    publishers: Callable[[str], Registration | None]  # a trusted publisher's row by its id
    verification: Verification
    mails: list[Notice] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The project's name as the form has it."""
        return self.offer.first("name")

    @property
    def filetype(self) -> str:
        """`sdist` or `bdist_wheel`, once that is checked."""
        return self.offer.first("filetype")

    @functools.cached_property
    def version(self) -> Version:
        """The form's version. Raises InvalidVersion before it is checked."""
        return Version(self.offer.first("version"))

    @property
    def file(self) -> OfferedFile:
        """The file, once its presence is checked."""
        assert self.offer.file is not None
        return self.offer.file

    @functools.cached_property
    def identity(self) -> Identity | None:
        """Who uploads. Raises PermissionError for a user name with a password."""
        token = password(self.offer.authorization)
        return identify(self.catalogue, token, self.now) if token else None

    @functools.cached_property
    def project(self) -> Project | None:
        """The project, if there is one of that name."""
        return self.catalogue.project(self.name)

    @property
    def underscored(self) -> str:
        """The project's normalised name as file names have it."""
        return canonicalize_name(self.name).replace("-", "_")

    @functools.cached_property
    def release(self) -> Release | None:
        """The release of that version in any spelling."""
        releases = self.catalogue.releases(canonicalize_name(self.name))
        return next((release for release in releases if Version(release.version) == self.version), None)

    @functools.cached_property
    def provenance(self) -> Mapping[str, Any] | None:
        """What the index keeps of the attestations; None when it got none, or looks at none.

        Raises AttestationError in the index's words.
        """
        if "attestations" not in self.offer.fields or self.catalogue.has(Flag.NO_ATTESTATIONS):
            return None
        publisher = self.identity.token.publisher if self.identity else None
        row = self.publishers(publisher) if publisher else None
        if row is None:
            raise AttestationError("Attestations are only supported when using Trusted Publishing")
        attested = Attested(
            filename=self.file.filename,
            sha256=self.file.staged.sha256,
            attestations=self.offer.first("attestations"),
            repository=f"{row.owner}/{row.repository}",
            workflow=row.workflow,
            environment=row.environment or None,
        )
        return self.verification.provenance(attested)

    @functools.cached_property
    def tar(self) -> TarContents:
        """What is in an sdist's tar file. Raises TooMuchError, and what is in `members.BROKEN`."""
        return read_tar(self.file.staged.path, encrypted)

    @functools.cached_property
    def metadata(self) -> RawMetadata:
        """The form's metadata as `packaging` takes it."""
        return metadata_of(self.offer)


def metadata_of(offer: Offer) -> RawMetadata:
    """The form's metadata as `packaging` takes it."""
    given = offer.given
    raw: dict[str, object] = {name: values[0] for name in SINGLE if (values := given(name))}
    raw |= {key: list(values) for name, key in LISTS.items() if (values := given(name))}
    if keywords := offer.first("keywords"):
        raw["keywords"] = [word.strip() for word in keywords.split(",")]
    if urls := given("project_urls"):
        pairs = (url.partition(",") for url in urls)
        raw["project_urls"] = {label.strip(): url.strip() for label, _, url in pairs}
    return raw  # type: ignore[return-value]  # the keys are those of RawMetadata by the tables above


def parsed_version(text: str) -> Version | None:
    """A version, or None for what is none."""
    try:
        return Version(text)
    except ValueError:  # InvalidVersion is one, and a number of too many digits another
        return None

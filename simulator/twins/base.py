"""The seam of the twins: what a job is granted, what it gets, and what the twins saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol

from simulator.indexes import IndexName
from simulator.run_events import TwinRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Publisher:
    """A trusted publisher as PyPI registers it; `environment` None is PyPI's "Any".

    `declared` is False for the one that pysim assumes because the configuration declares none. A `pending` one makes
    its project at its first exchange, and `registered` is when that was asked for, None for lately; `owner_id` is
    that of the repository's owner at that time, None for the one of now.
    """

    index: IndexName
    project: str
    repository: str  # owner/name
    workflow: str  # file name, no folder
    environment: str | None = None
    declared: bool = True
    pending: bool = False
    registered: float | None = None  # seconds since the epoch
    owner_id: str | None = None


RULES: Final = (
    "creation",
    "update",
    "deletion",
    "non_fast_forward",
    "pull_request",
    "required_signatures",
    "required_status_checks",
)
"""The rules of rulesets that the stand-ins hold, as GitHub's API names them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruleset:
    """A ruleset of the repository: its patterns of refs, its rules, and who may bypass it.

    In `bypass`, `github-actions` is a job's own token; any other name stands for people and apps.
    """

    target: Literal["branch", "tag"]
    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    bypass: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobGrant:
    """What a job may ask the twins for.

    `claims` are GitHub's ID-token claims that depend on the job (all but iss, aud, jti, iat, nbf, exp); they are
    handed out only when `id_token` is True. Jobs with one `run_id` among them are of one workflow run, and share its
    artifacts. `token` is the job's GITHUB_TOKEN and `permissions` what it may do: `read` or `write` by scope; a scope
    that is not there is closed. `at_most` is what it may do if the repository's setting gives more, where that is not
    known.
    """

    job_id: str
    id_token: bool
    claims: Mapping[str, str]
    token: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)
    at_most: Mapping[str, str] = field(default_factory=dict)

    def may(self, scope: str, access: str) -> bool:
        """Whether the token may have at least this access (`read`, `write`) to a scope."""
        return self.surely_may(scope, access) or _has(self.at_most, scope, access)

    def surely_may(self, scope: str, access: str) -> bool:
        """The same, whatever the repository's setting is."""
        return _has(self.permissions, scope, access)


def _has(permissions: Mapping[str, str], scope: str, access: str) -> bool:
    return permissions.get(scope) in ({"write"} if access == "write" else {"read", "write"})


@dataclass(frozen=True, kw_only=True, slots=True)
class JobAccess:
    """How a job reaches the twins.

    `gateway` is the Unix socket for the job's sandbox. `run_env` goes to every step (the ID-token variables when
    granted, git's `insteadOf`), `action_env` to actions only (runtime token, results service), `script_env` to those
    alone that are no container. `secrets` must be masked in every log.
    """

    gateway: Path
    run_env: Mapping[str, str]
    action_env: Mapping[str, str]
    secrets: Sequence[str]
    script_env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredArtifact:
    """A finished artifact and the archive that holds it; `workflow_run` is the `run_id` claim of the job's grant."""

    job_id: str
    name: str
    size: int
    digest: str
    archive: Path
    files: Sequence[str] = field(default=())
    workflow_run: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """A distribution that an index took in this run."""

    job_id: str
    index: IndexName
    project: str  # normalised
    version: str
    filename: str
    size: int
    sha256: str
    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleasedProject:
    """A project that the real index has, and that this run published.

    `files` are those whose names are taken there, with other content. A `strange` project was made by this run, as
    pysim was not told of it; then `urls` are those of its newest release there.
    """

    index: IndexName
    project: str  # normalised
    files: Sequence[PublishedFile]
    strange: bool = False
    urls: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldRelease:
    """A release that an index had before the run: since when, and whether that is the real index (`real`)."""

    index: IndexName
    project: str  # normalised
    version: str
    since: float  # seconds since the epoch
    real: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """A refusal of a built file that nobody has uploaded: the index's status and words.

    `status` is None for what twine says that would not send it.
    """

    filename: str
    status: int | None
    message: str


class Twins(Protocol):
    """All stand-ins of one run. A context manager: entering starts the servers, leaving stops them."""

    @property
    def ca_bundle(self) -> bytes:
        """PEM: the machine's certificates and pysim's own authority; for sandboxes alone."""
        ...

    @property
    def ports(self) -> Sequence[int]:
        """The ports that sandboxes must be able to reach."""
        ...

    def open_job(self, grant: JobGrant) -> JobAccess:
        """Make a way in for a job. Raises TwinError when the job is open already."""
        ...

    def close_job(self, job_id: str) -> None:
        """Take the way in away: later connections and tokens of the job are refused. Safe to call twice."""
        ...

    def record(self, request: TwinRequest) -> None:
        """Write down a request of a job that reached no twin, and tell of it, as of those that do. From any thread."""

    def take_uploads(self, host: str) -> None:
        """Answer for the host of another index from now on, and take what is uploaded there."""
        ...

    def assume(self, publisher: Publisher) -> None:
        """Register a publisher that the configuration does not declare."""
        ...

    def artifacts(self) -> Sequence[StoredArtifact]:
        """The finished artifacts, oldest first."""
        ...

    def published(self) -> Sequence[PublishedFile]:
        """The files that the indexes took, in order."""
        ...

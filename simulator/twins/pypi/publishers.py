"""Trusted publishers: which one the claims of an ID token fit, by the lookup and the checks of the index.

Reads claims that are verified already. Knows no token and no database.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from simulator.indexes import IndexName
from simulator.publisher_records import ClaimCheck
from simulator.twins.base import Publisher
from simulator.twins.pypi.catalogue import Fate

MISSING: Final = "MISSING"  # what the publishing action prints for a claim that is not there
ANY: Final = "Any"
PENDING_LIFETIME: Final = 30 * 86_400  # seconds that a pending publisher waits for its project
_NAMESPACE: Final = uuid.UUID("0f3e5b8a-9a51-4f1e-8b0b-6f2f6a4d7c11")
_REQUIRED: Final = (
    "repository",
    "repository_owner",
    "repository_owner_id",
    "job_workflow_ref",
    "jti",
    "event_name",
    "ref",
    "sha",
)
_WORKFLOW_FILE: Final = re.compile(r"([^/]+\.ya?ml)@")
Claims = Mapping[str, Any]
Fates = Callable[[str, str], Fate | None]
"""What became of a pending publisher, by its row's id and its project."""


class NoPublisherError(Exception):
    """No publisher fits; the message is what the index says in parentheses."""


class ReusedTokenError(Exception):
    """A publisher fits, but the ID token was exchanged already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """A publisher as the index stores it: one row for all projects that registered the same four values."""

    id: str
    owner: str
    owner_id: str | None  # None for whatever it is now
    repository: str
    workflow: str
    environment: str  # lower case, empty for any
    projects: tuple[str, ...]
    declared: bool
    pending: bool = False
    registered: float | None = None  # seconds since the epoch

    def is_expired(self, now: float) -> bool:
        """Whether a pending publisher has waited too long for its project."""
        return self.pending and self.registered is not None and now >= self.registered + PENDING_LIFETIME

    def __str__(self) -> str:
        where = f"{self.workflow} in https://github.com/{self.owner}/{self.repository}"
        return f"{where} (environment {self.environment})" if self.environment else where


class Publishers:
    """All publishers of a run; may be added to from any thread."""

    def __init__(self, declared: Sequence[Publisher]) -> None:
        self._publishers = list(declared)
        self._lock = threading.Lock()
        self._withdrawn: frozenset[IndexName] = frozenset()

    def assume(self, publisher: Publisher) -> None:
        """Add one that the configuration does not declare."""
        with self._lock:
            self._publishers.append(replace(publisher, declared=False))

    def withdraw(self, index: IndexName) -> None:
        """Let an index know none, as when their owners remove them."""
        self._withdrawn |= {index}

    def restore(self) -> None:
        """Let the indexes know them again."""
        self._withdrawn = frozenset()

    def pending(self, index: IndexName, fates: Fates) -> Sequence[Registration]:
        """The rows of an index that wait for their project, one for each publisher."""
        return [row for row in self._rows(index) if row.pending and fates(row.id, row.projects[0]) is None]

    def registered(self, index: IndexName, fates: Fates) -> Sequence[Registration]:
        """The ordinary rows of an index, with those that a pending publisher became."""
        rows: dict[str, Registration] = {}
        for row in self._rows(index):
            if row.pending and fates(row.id, row.projects[0]) != "ordinary":
                continue
            known = rows.get(row.id, row)
            projects = tuple(dict.fromkeys((*known.projects, *row.projects)))
            rows[row.id] = replace(known, projects=projects, declared=known.declared or row.declared, pending=False)
        return list(rows.values())

    def row(self, index: IndexName, identifier: str) -> Registration | None:
        """The row of that id."""
        return next((row for row in self._rows(index) if row.id == identifier), None)

    def _rows(self, index: IndexName) -> Sequence[Registration]:
        with self._lock:
            known = [] if index in self._withdrawn else self._publishers
            return [registration(publisher) for publisher in known if publisher.index == index]

    def nearest(self, index: IndexName, claims: Claims) -> tuple[Registration | None, tuple[ClaimCheck, ...]]:
        """The row with the most values that fit, and each value beside the claim."""
        compared = [(row, compare(row, claims)) for row in self._rows(index)]
        if not compared:
            return None, ()
        return max(compared, key=lambda pair: sum(check.ok for check in pair[1]))


def look_up(rows: Sequence[Registration], claims: Claims, *, is_used: bool = False) -> Registration:
    """The row that the claims fit, checked. Raises NoPublisherError, and ReusedTokenError for what was used once."""
    row = _find(rows, claims)
    _check_workflow(row, claims)
    if is_used:
        raise ReusedTokenError
    _check_event(claims)
    return row


def _find(rows: Sequence[Registration], claims: Claims) -> Registration:
    for name in _REQUIRED:
        if claims.get(name) is None:
            raise NoPublisherError(f"Missing claim '{name}'")
    workflow = workflow_file(claims)
    if workflow is None:
        raise NoPublisherError("Could not job extract workflow filename from OIDC claims")
    owner, _, repository = str(claims["repository"]).partition("/")
    environment = str(claims.get("environment") or "").lower()
    fitting = {
        row.environment: row
        for row in rows
        if (row.owner, row.repository, row.workflow) == (owner, repository, workflow)
        and row.owner == claims["repository_owner"]
        and row.owner_id in {None, str(claims["repository_owner_id"])}
    }
    row = fitting.get(environment) or fitting.get("")
    if row is None:
        raise NoPublisherError("Publisher with matching claims was not found")
    return row


def _check_workflow(row: Registration, claims: Claims) -> None:
    """The first of what is checked of a row that was found. Raises NoPublisherError."""
    signed, ref, sha = claims["job_workflow_ref"], claims["ref"], claims["sha"]
    if not signed:
        raise NoPublisherError("The job_workflow_ref claim is empty")
    if not (ref or sha):
        raise NoPublisherError("The ref and sha claims are empty")
    file = f"{row.owner}/{row.repository}/.github/workflows/{row.workflow}"
    expected = sorted(f"{file}@{value}" for value in (ref, sha) if value)
    if signed not in expected:
        text = f"The job_workflow_ref claim does not match, expecting one of {expected}, got {signed!r}"
        raise NoPublisherError(text)


def _check_event(claims: Claims) -> None:
    """What is checked last. Raises NoPublisherError."""
    if claims["event_name"] == "pull_request_target":
        text = "Publishing from a workflow invoked via 'pull_request_target' is not supported."
        raise NoPublisherError(text)


def workflow_file(claims: Claims) -> str | None:
    """The file that holds the job: for a called workflow, the called one."""
    match = _WORKFLOW_FILE.search(str(claims.get("job_workflow_ref") or ""))
    return match[1] if match else None


def registration(publisher: Publisher) -> Registration:
    """The row of a publisher alone."""
    owner, _, repository = publisher.repository.partition("/")
    environment = (publisher.environment or "").lower()
    values = "\n".join((publisher.index, owner, repository, publisher.workflow, environment))
    return Registration(
        id=str(uuid.uuid5(_NAMESPACE, values)),
        owner=owner,
        owner_id=publisher.owner_id,
        repository=repository,
        workflow=publisher.workflow,
        environment=environment,
        projects=(publisher.project,),
        declared=publisher.declared,
        pending=publisher.pending,
        registered=publisher.registered,
    )


def compare(row: Registration, claims: Claims) -> tuple[ClaimCheck, ...]:
    """Each value that is looked for, beside the claim."""
    environment = str(claims.get("environment") or "")
    pairs = (
        ("repository", claims.get("repository"), f"{row.owner}/{row.repository}"),
        ("repository_owner", claims.get("repository_owner"), row.owner),
        *([("repository_owner_id", claims.get("repository_owner_id"), row.owner_id)] if row.owner_id else []),
        ("workflow", workflow_file(claims), row.workflow),
    )
    checks = [
        ClaimCheck(claim=name, value=str(value or MISSING), expected=expected, ok=value == expected)
        for name, value, expected in pairs
    ]
    fits = row.environment in {"", environment.lower()}
    last = ClaimCheck(claim="environment", value=environment or MISSING, expected=row.environment or ANY, ok=fits)
    return (*checks, last)

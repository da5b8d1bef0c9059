"""What an index registers of a publisher, and what a token says beside it, as events and reports show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimCheck:
    """One claim of an ID token beside what the publisher registers."""

    claim: str
    value: str
    expected: str
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherForm:
    """What an index's form for a publisher at GitHub wants, and its address; an empty environment is any.

    Owner and repository are empty where nobody told them. A `pending` one is for a project that the index does not
    have, as far as pysim knows; `there` says whether it does, None where it did not answer.
    """

    project: str
    owner: str
    repository: str
    workflow: str
    environment: str
    pending: bool
    page: str
    there: bool | None = None

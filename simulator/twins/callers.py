"""Who asks GitHub's stand-ins: nobody, a job by its GITHUB_TOKEN, or a person by a token of the user's own.

Knows how clients send a token; knows no route.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request

from simulator.findings import Finding, Severity
from simulator.run_events import FindingRaised
from simulator.twins.jobs import Jobs, OpenJob

BOT = "github-actions[bot]"  # as whom a job's token acts


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks. A `user` has a token from the configured secrets: what it may do at GitHub, only GitHub knows."""

    job: OpenJob | None = None
    user: bool = False

    @property
    def known(self) -> bool:
        """Whether the request has credentials that hold."""
        return self.user or self.job is not None

    def may(self, scope: str, access: str) -> bool:
        """Whether the token has at least this access to a scope of the rehearsed repository."""
        return self.user or (self.job is not None and self.job.grant.may(scope, access))

    def by_setting(self, scope: str, access: str) -> bool:
        """Whether it may do so only if the repository's setting, which is not known, gives jobs more."""
        job = self.job
        return not self.user and job is not None and not job.grant.surely_may(scope, access) and self.may(scope, access)


class Callers:
    """Knows the tokens that hold."""

    def __init__(self, jobs: Jobs, user_tokens: Collection[str] = ()) -> None:
        self._jobs, self._user_tokens = jobs, frozenset(filter(None, user_tokens))

    def of(self, request: Request) -> Caller | None:
        """Who sent the request; None for credentials that are nobody's."""
        header = request.headers.get("authorization")
        if header is None:
            return Caller()
        token = token_of(header)
        if token in self._user_tokens:
            return Caller(user=True)
        job = self._jobs.holder(token) if token else None
        return Caller(job=job) if job else None


def token_of(authorization: str) -> str:
    """The token in a header of any of the kinds that GitHub takes: `token T`, `Bearer T`, or basic with any user."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return rest.strip()
    try:
        user, _, password = base64.b64decode(rest).decode().partition(":")
    except ValueError:  # no Base64, or no UTF-8 in it
        return ""
    return password if password not in {"", "x-oauth-basic"} else user


def permission_by_setting(job_id: str, scope: str, access: str) -> FindingRaised:
    """What a job's token may do only if the repository's setting gives all jobs write access."""
    return FindingRaised(
        finding=Finding(
            code="token-permission",
            severity=Severity.WARNING,
            message=f"The job {job_id} needs `{scope}: {access}`, and no file gives it that: GitHub refuses it unless "
            "the repository's setting (Settings > Actions > General > Workflow permissions) gives jobs write access.",
            hint=f"Give the job `permissions: {scope}: {access}`, or say what the setting is: workflow-permissions "
            "under [repository].",
            where=job_id,
        )
    )


def missing_permission(job_id: str, did: str, scope: str, access: str) -> FindingRaised:
    """What a job's token may not do, told where it was tried: a step may take no notice of the refusal."""
    return FindingRaised(
        finding=Finding(
            code="token-permission",
            severity=Severity.WARNING,
            message=f"The job {job_id} {did}, and its token lacks `{scope}: {access}`: GitHub refuses that.",
            hint=f"Give the job `permissions: {scope}: {access}`; a job's permissions replace the workflow's. "
            'If the repository\'s setting gives jobs more, say so: workflow-permissions = "write" under [repository].',
            where=job_id,
        )
    )

"""The jobs that are open, and the tokens that make a request theirs. Knows no socket and no service."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import jwt

from simulator.errors import TwinError
from simulator.twins.base import JobGrant
from simulator.twins.hosts import OIDC, PIPELINES, RESULTS

_NAMESPACE: Final = uuid.UUID("4d1f3f2e-8f0a-4c58-9f55-0d6d3f6c9e21")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenJob:
    """A job, its ids at the results service, and its tokens; `id_request_token` is None if not granted."""

    grant: JobGrant
    run_backend_id: str
    backend_id: str
    runtime_token: str
    id_request_token: str | None

    @property
    def workflow_run(self) -> str:
        """The workflow run of the job: GitHub's number for it."""
        return self.grant.claims.get("run_id", "")

    def shares_run(self, other: OpenJob) -> bool:
        """Whether both are jobs of one workflow run."""
        return self.run_backend_id == other.run_backend_id

    @property
    def run_env(self) -> Mapping[str, str]:
        """What every step sees. The URL has a query, as clients append `&audience=` to it."""
        if self.id_request_token is None:
            return {}
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": (
                f"https://{OIDC}/idtoken/{self.run_backend_id}/{self.backend_id}?api-version=2.0"
            ),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.id_request_token,
        }

    @property
    def action_env(self) -> Mapping[str, str]:
        """What actions see beside that."""
        return {
            "ACTIONS_RUNTIME_TOKEN": self.runtime_token,
            "ACTIONS_RUNTIME_URL": f"https://{PIPELINES}/",
            "ACTIONS_RESULTS_URL": f"https://{RESULTS}/",
            "ACTIONS_CACHE_URL": f"https://{RESULTS}/",
        }

    @property
    def script_env(self) -> Mapping[str, str]:
        """What JavaScript actions alone see (actions/runner, NodeScriptActionHandler)."""
        return {"ACTIONS_CACHE_SERVICE_V2": "True"}

    @property
    def secrets(self) -> Sequence[str]:
        """What must not be seen in a log."""
        return tuple(token for token in (self.runtime_token, self.id_request_token) if token)


class Jobs:
    """The open jobs of a rehearsal."""

    def __init__(self, run_id: str) -> None:
        self._run = uuid.uuid5(_NAMESPACE, run_id)
        self._key = secrets.token_bytes(32)
        self._open: dict[str, OpenJob] = {}
        self._runs: dict[str, str] = {}

    def open(self, grant: JobGrant) -> OpenJob:
        """Give a job its tokens. Raises TwinError when it has some already."""
        if grant.job_id in self._open:
            raise TwinError(f"The job {grant.job_id} is open already", hint="Close it first.")
        run = uuid.uuid5(self._run, grant.claims.get("run_id", ""))
        backend = str(uuid.uuid5(run, grant.job_id))
        self._runs[grant.job_id] = grant.claims.get("run_id", "")
        job = self._open[grant.job_id] = OpenJob(
            grant=grant,
            run_backend_id=str(run),
            backend_id=backend,
            runtime_token=self._runtime_token(str(run), backend),
            id_request_token=secrets.token_urlsafe(48) if grant.id_token else None,
        )
        return job

    def close(self, job_id: str) -> None:
        """Forget a job and its tokens. Safe to call twice."""
        self._open.pop(job_id, None)

    def get(self, job_id: str) -> OpenJob | None:
        """An open job."""
        return self._open.get(job_id)

    def open_jobs(self) -> Sequence[OpenJob]:
        """The jobs that are open."""
        return tuple(self._open.values())

    def run_of(self, job_id: str) -> str | None:
        """The workflow run of a job, open or not any more; None for a job that never was."""
        return self._runs.get(job_id)

    def holder(self, token: str) -> OpenJob | None:
        """The open job whose GITHUB_TOKEN this is: it dies with the job."""
        own = (job for job in self.open_jobs() if job.grant.token)
        return next((job for job in own if secrets.compare_digest(job.grant.token.encode(), token.encode())), None)

    def _runtime_token(self, run: str, backend: str) -> str:
        """Clients read nothing of it but `scp`, and look for one item of exactly three parts there."""
        now = int(time.time())
        claims = {
            "scp": f"Actions.GenericRead:{run} Actions.Results:{run}:{backend}",
            "jti": secrets.token_hex(16),
            "iss": f"https://{PIPELINES}",
            "iat": now,
            "exp": now + 6 * 3600,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")


def bearer(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header; clients write the scheme in either case."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None

"""GitHub's OIDC issuer: discovery, keys and the token request endpoint, with a key of its own for each run.

Hands out the claims that a job was granted, as they are. Knows no index.
"""

from __future__ import annotations

import functools
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.twins.application import internal_error, visit
from simulator.twins.hosts import OIDC
from simulator.twins.jobs import Jobs, bearer
from simulator.twins.records import Clock

ISSUER: Final = f"https://{OIDC}"
SIGNING_AUDIENCE: Final = "sigstore"
LIFETIME: Final = 300  # seconds; also how far nbf lies before iat
_CLAIMS: Final = (
    "sub",
    "aud",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "ref",
    "sha",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "run_id",
    "run_number",
    "run_attempt",
    "runner_environment",
    "check_run_id",
    "actor",
    "actor_id",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "head_ref",
    "base_ref",
    "event_name",
    "ref_type",
    "ref_protected",
    "job_workflow_ref",
    "job_workflow_sha",
    "environment",
    "environment_node_id",
)


class Issuer:
    """Signs ID tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key_id = uuid.uuid4().hex

    @functools.cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, claims: Mapping[str, str], audience: str) -> str:
        """A new ID token; its `jti` is never used twice.

        One for signing has the machine's time: Sigstore's clients look whether it is valid now, by that clock.
        """
        now = int(time.time() if audience == SIGNING_AUDIENCE else self._clock())
        own = {
            "iss": ISSUER,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now - LIFETIME,
            "exp": now + LIFETIME,
        }
        return jwt.encode({**claims, **own}, self._key, algorithm="RS256", headers={"kid": self._key_id})

    @property
    def keys(self) -> Mapping[str, Any]:
        """The JSON Web Key Set."""
        key = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**key, "alg": "RS256", "use": "sig", "kid": self._key_id}]}


class OidcTwin:
    """The issuer's host."""

    def __init__(self, issuer: Issuer, jobs: Jobs, repository_owner: str) -> None:
        self._issuer, self._jobs, self._owner = issuer, jobs, repository_owner
        self._count = 0
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/.well-known/jwks", self._jwks),
                Route("/idtoken/{run}/{job}", self._token),
            ],
            exception_handlers={Exception: internal_error},
        )

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{ISSUER}/.well-known/jwks",
                "subject_types_supported": ["public", "pairwise"],
                "response_types_supported": ["id_token"],
                "claims_supported": _CLAIMS,
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid"],
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(self._issuer.keys)

    async def _token(self, request: Request) -> Response:
        job = self._jobs.get(visit(request).job_id)
        token = bearer(request.headers.get("authorization"))
        if job is None or not job.grant.id_token or token != job.id_request_token:
            return JSONResponse({"message": "The job has no `id-token: write`, or the token is not its own."}, 401)
        audience = request.query_params.get("audience") or f"https://github.com/{self._owner}"
        self._count += 1
        return JSONResponse({"count": self._count, "value": self._issuer.token(job.grant.claims, audience)})

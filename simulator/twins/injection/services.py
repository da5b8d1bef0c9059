"""Which of the services that a release touches a request is for. Knows no fault."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from simulator.twins.hosts import TwinName

_SIMPLE: Final = re.compile(r"/simple/([^/]+)/")
_ARTIFACTS: Final = "/twirp/github.actions.results.api.v1.ArtifactService/"


class Service(StrEnum):
    """A service."""

    AUDIENCE = "audience"
    MINT = "mint-token"
    UPLOAD = "upload"
    SIMPLE = "simple index"
    ID_TOKEN = "ID token"  # noqa: S105 - no token
    ARTIFACTS = "artifact service"
    SIGSTORE = "certificate authority"


def service_of(twin: TwinName, method: str, path: str) -> Service | None:
    """The service that a request to a twin is for; None for what never fails on request."""
    match twin:
        case "pypi" | "testpypi":
            return _on_index(method, path)
        case "oidc" if path.startswith("/idtoken/"):
            return Service.ID_TOKEN
        case "results" if path.startswith(_ARTIFACTS):
            return Service.ARTIFACTS
        case "sigstore" if path == "/api/v2/signingCert":
            return Service.SIGSTORE
        case _:
            return None


def simple_project(path: str) -> str | None:
    """The project whose simple page a path is."""
    match = _SIMPLE.fullmatch(path)
    return match[1] if match else None


def _on_index(method: str, path: str) -> Service | None:
    if path == "/_/oidc/audience":
        return Service.AUDIENCE
    if method == "POST" and path.startswith("/_/oidc/") and path.endswith("/mint-token"):
        return Service.MINT
    if method == "POST" and path == "/legacy/":
        return Service.UPLOAD
    return Service.SIMPLE if method == "GET" and simple_project(path) else None

"""The attestations that a run stores with the repository, and where they are asked for.

Source: GitHub's REST documentation, "Create an attestation" and "List attestations". Those of earlier runs only GitHub
knows.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from simulator.run_events import EventSink, FindingRaised
from simulator.twins.bodies import parse_json
from simulator.twins.github_api.calls import ApiError, Call, Endpoint, Json, UnsupportedError, window
from simulator.twins.github_api.lacking import api_not_rehearsed
from simulator.twins.github_api.objects import Repository

_DOCS: Final = "repos/attestations"
_NAMED: Final = {
    "provenance": ("https://slsa.dev/provenance/",),
    "sbom": ("https://spdx.dev/Document", "https://cyclonedx.org/bom"),
    "release": ("https://in-toto.io/attestation/release/",),
}
_FIRST: Final = 20_000_001  # the id of the first one, as long as GitHub's are
# https://github.com/actions/attest/issues/193
_BY_PLAN: Final = (
    "GitHub takes those of a private repository where its owner has the plan Enterprise Cloud, and refuses them else "
    '("Feature not available"); which plan it has, pysim does not know.'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An attestation: its bundle, the digests of its subjects (`sha256:…`), and the type of its predicate."""

    number: int
    bundle: Json
    digests: frozenset[str]
    predicate_type: str

    def is_of(self, kind: str) -> bool:
        """Whether its predicate is of a kind that a query names, by GitHub's word for it or by its type."""
        named = _NAMED.get(kind)
        return not kind or (self.predicate_type.startswith(named) if named else self.predicate_type == kind)


class Attestations:
    """The routes of attestations."""

    def __init__(self, *, repository: Repository, emit: EventSink) -> None:
        self._repository, self._emit = repository, emit
        self._stored: list[Stored] = []

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        listing = f"{_DOCS}#list-attestations"
        return (
            Endpoint(
                "POST", "/attestations", self._create, scope="attestations", docs=f"{_DOCS}#create-an-attestation"
            ),
            Endpoint("GET", "/attestations/{digest}", self._list, scope="attestations", docs=listing),
            *(
                Endpoint("GET", f"//{kind}/{{owner}}/attestations/{{digest}}", self._list, docs=listing)
                for kind in ("orgs", "users")
            ),
        )

    async def _create(self, call: Call) -> Response:
        bundle = (await call.body()).get("bundle")
        if not isinstance(bundle, dict):
            raise ApiError(422, "Invalid request.\n\nFor 'properties/bundle', nil is not an object.")
        try:
            digests, predicate_type = _read(bundle)
        except (KeyError, TypeError, ValueError) as error:
            raise ApiError(422, f"Invalid Argument - the bundle has no statement that can be read: {error}") from None
        if self._repository.facts.visibility == "private":
            said = f"The job {call.job_id} stores an attestation. {_BY_PLAN}"
            self._emit(FindingRaised(finding=api_not_rehearsed(call.job_id, said)))
        number = _FIRST + len(self._stored)
        stored = Stored(number=number, bundle=bundle, digests=digests, predicate_type=predicate_type)
        self._stored.append(stored)
        return JSONResponse({"id": stored.number}, 201)

    async def _list(self, call: Call) -> Response:
        digest, kind = call.part("digest").lower(), call.query("predicate_type")
        found = [each for each in self._stored if digest in each.digests]
        if not found:
            raise UnsupportedError("for what was attested in no job of this run")
        start, size = window(call)
        shown = [self._shown(each) for each in reversed(found) if each.is_of(kind)]
        return JSONResponse({"attestations": shown[start : start + size]})

    def _shown(self, stored: Stored) -> Json:
        return {
            "bundle": stored.bundle,
            "bundle_url": "",
            "initiator": "user",
            "repository_id": self._repository.facts.id,
        }


def _read(bundle: Mapping[str, Any]) -> tuple[frozenset[str], str]:
    """The digests of the subjects and the type of the predicate. Raises KeyError, TypeError and ValueError."""
    statement = parse_json(base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True))
    subjects = statement["subject"]
    digests = (f"{name}:{value}".lower() for subject in subjects for name, value in subject["digest"].items())
    return frozenset(digests), str(statement["predicateType"])

"""Signs statements with Sigstore's library and stores them with the repository.

Source of the texts: @actions/attest and @sigstore/sign.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from simulator.actions.builtin.attest.predicates import Predicate
from simulator.actions.builtin.attest.subjects import Subject
from simulator.actions.builtin.toolkit import http, log, signing
from simulator.actions.builtin.toolkit.id_token import id_token
from simulator.actions.builtin.toolkit.octokit import HttpError, Octokit
from simulator.actions.builtin.toolkit.step import ActionError

if TYPE_CHECKING:
    from sigstore.sign import Signer

STATEMENT = "https://in-toto.io/Statement/v1"
_FAULTS = {"FulcioClientError": "error creating signing certificate", "RekorClientError": "error creating tlog entry"}
GRAY, DEFAULT = "\x1b[38;5;244m", "\x1b[39m"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attestation:
    """A signed statement: its bundle as JSON, its certificate (PEM), its number in the log, and its id at GitHub."""

    bundle: str
    certificate: str
    log_index: int
    id: str


@contextlib.contextmanager
def signer() -> Iterator[Signer]:
    """Signs with one key, which is certified for the job. Raises ActionError."""
    from sigstore.oidc import IdentityError, IdentityToken
    from sigstore.sign import SigningContext

    os.environ["REQUESTS_CA_BUNDLE"] = http.bundle()  # the library opens sessions of its own
    try:
        identity = IdentityToken(id_token("sigstore"))
    except (ActionError, requests.RequestException, IdentityError, KeyError, ValueError) as error:
        raise ActionError(f"InternalError: error retrieving identity token: {error}") from None
    context = SigningContext.from_trust_config(signing.trust())
    with told(), context.signer(identity, cache=True) as opened:
        yield opened


def attest(signer: Signer, subjects: Sequence[Subject], predicate: Predicate, token: str) -> Attestation:
    """Sign one statement about the subjects, and store it. Raises ActionError."""
    from sigstore.dsse import Statement
    from sigstore.errors import Error

    statement = {
        "_type": STATEMENT,
        "subject": [subject.described for subject in subjects],
        "predicateType": predicate.type,
        "predicate": predicate.value,
    }
    text = json.dumps(statement, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        bundle = signer.sign_dsse(Statement(text))
    except Error as error:
        raise ActionError(f"pysim cannot sign this statement: {error}") from None
    written = bundle.to_json()
    material = json.loads(written)["verificationMaterial"]
    return Attestation(
        bundle=written,
        certificate=ssl.DER_cert_to_PEM_cert(base64.b64decode(material["certificate"]["rawBytes"])),
        log_index=int(material["tlogEntries"][0]["logIndex"]),
        id=store(written, token),
    )


def store(bundle: str, token: str) -> str:
    """Store a bundle with the repository; its id. Raises ActionError."""
    octokit = Octokit(token, os.environ.get("GITHUB_REPOSITORY", ""))
    try:
        _, data = octokit.call("POST", f"{octokit.repository}/attestations", json={"bundle": json.loads(bundle)})
    except (HttpError, requests.RequestException) as error:
        raise ActionError(f"Error: Failed to persist attestation: {error}") from None
    return str((data or {}).get("id") or "")


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Has what the services refuse end the step, in the words of the real action's library."""
    try:
        yield
    except Exception as error:
        what = _FAULTS.get(type(error).__name__)
        if what is None:
            raise
        answer = _answer(error)
        said = f"({answer.status_code}) {_message(answer)}" if answer is not None else str(error)
        log.error(f"InternalError: {what} - {said}")
        log.info(f"{GRAY}Error: {said}{DEFAULT}")
        raise ActionError from None


def _answer(error: BaseException) -> requests.Response | None:
    seen: BaseException | None = error
    while seen is not None:
        given = seen.args[0] if seen.args else None
        for each in (seen, given):
            if isinstance(each, requests.HTTPError):
                return each.response
        seen = seen.__cause__
    return None


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason

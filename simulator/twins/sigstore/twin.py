"""Sigstore's hosts: the certificate authority (Fulcio) and the transparency log (Rekor), as far as signing needs them.

What a rehearsed job signs stays here, under a root that no client trusts by itself: `CONFIG` hands it to who asks.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, request_response

from simulator.findings import Finding, Severity
from simulator.run_events import EventSink, FindingRaised
from simulator.twins.application import internal_error, visit
from simulator.twins.bodies import parse_json
from simulator.twins.hosts import REKOR
from simulator.twins.oidc import ISSUER, SIGNING_AUDIENCE, Issuer
from simulator.twins.sigstore.certificates import certify
from simulator.twins.sigstore.log import TransparencyLog
from simulator.twins.sigstore.root import TrustRoot
from simulator.twins.upstream import Upstream

CONFIG: Final = "/pysim/client-trust-config.json"
_UNAUTHENTICATED, _INVALID_ARGUMENT, _NOT_FOUND = 16, 3, 5  # of gRPC
_READING: Final = frozenset({"GET", "HEAD"})
_NOT_REHEARSED: Final = (
    "A client in the job {job} took a signing certificate and went no further: it trusts Sigstore's public root alone, "
    "and pysim signs under a root of its own. What it signs is not rehearsed."
)
_HINT: Final = (
    "Use pysim's built-in action in its place, which signs under that root: pypa/gh-action-pypi-publish, or "
    "sigstore/gh-action-sigstore-python. The publishing action's own code can only be rehearsed with "
    "`attestations: false`."
)


class SigningRefusedError(Exception):
    """A request that is refused: the status, gRPC's code and the words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class SigstoreTwin:
    """Both services. All times are the machine's own, as clients compare them with that.

    `on_certificate` is told that a job has begun to sign.
    """

    def __init__(
        self,
        root: TrustRoot,
        issuer: Issuer,
        upstream: Upstream,
        emit: EventSink,
        on_certificate: Callable[[], None],
    ) -> None:
        self._root, self._issuer, self._upstream, self._emit = root, issuer, upstream, emit
        self._on_certificate = on_certificate
        self._log = TransparencyLog(root.signature_log)
        self._unused: dict[str, set[bytes]] = {}  # by job: keys that are certified and have signed nothing
        self.app = Starlette(
            routes=[
                Route(CONFIG, self._config),
                Route("/api/v2/signingCert", self._certify, methods=["POST"]),
                Route("/api/v2/trustBundle", self._bundle),
                Route("/api/v1/log/entries", self._append, methods=["POST"]),
                Route("/api/v1/log/entries", self._entry, methods=["GET"]),
                Route("/api/v1/log/entries/{uuid}", self._entry, methods=["GET"]),
                Route("/api/v1/log/entries/retrieve", self._search, methods=["POST"]),
                Route("/api/v1/index/retrieve", self._search, methods=["POST"]),
                Mount("/", request_response(self._anything_else)),
            ],
            exception_handlers={SigningRefusedError: _refused, Exception: internal_error},
        )

    def close_job(self, job_id: str) -> None:
        """Say whether a client of the job gave up when it saw the certificate."""
        if self._unused.pop(job_id, None):
            finding = Finding(
                code="attestations-not-rehearsed",
                severity=Severity.WARNING,
                message=_NOT_REHEARSED.format(job=job_id),
                hint=_HINT,
                where=job_id,
            )
            self._emit(FindingRaised(finding=finding))

    async def _config(self, _request: Request) -> Response:
        return JSONResponse(self._root.client_config)

    async def _bundle(self, _request: Request) -> Response:
        return JSONResponse({"chains": [{"certificates": list(self._root.chain)}]})

    async def _certify(self, request: Request) -> Response:
        body = _object(await request.body())
        token = _bearer(request) or str(_inner(body, "credentials").get("oidcIdentityToken", ""))
        claims = self._claims(token)
        key = _requested_key(body, claims)
        try:
            certificate = certify(self._root, key, claims, time.time())
        except KeyError as error:
            text = f"There was an error processing the identity token: the claim {error} is missing"
            raise SigningRefusedError(400, _INVALID_ARGUMENT, text) from None
        self._unused.setdefault(visit(request).job_id, set()).add(_bytes_of(certificate.public_key()))
        await asyncio.to_thread(self._on_certificate)
        chain = [certificate.public_bytes(serialization.Encoding.PEM).decode(), *self._root.chain]
        return JSONResponse({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})

    def _claims(self, token: str) -> Mapping[str, str]:
        """The claims of an ID token of GitHub's stand-in."""
        keys = {key["kid"]: key for key in self._issuer.keys["keys"]}
        try:
            key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
            claims: Mapping[str, str] = jwt.decode(
                token, key, algorithms=["RS256"], audience=SIGNING_AUDIENCE, issuer=ISSUER
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            text = "There was an error processing the identity token"
            raise SigningRefusedError(401, _UNAUTHENTICATED, text) from None
        return claims

    async def _append(self, request: Request) -> Response:
        try:
            entry, key = _entry_of(_object(await request.body()))
        except (KeyError, TypeError, ValueError, InvalidSignature) as error:
            self._unused.pop(visit(request).job_id, None)  # its client did not give up
            message = f"error processing entry: {error!r}"
            return JSONResponse({"code": 400, "message": message}, status_code=400)
        added = self._log.add(entry, time.time())
        self._unused.get(visit(request).job_id, set()).discard(key)
        headers = {"location": f"/api/v1/log/entries/{added.uuid}", "etag": added.uuid}
        return JSONResponse(added.answer, status_code=201, headers=headers)

    async def _entry(self, request: Request) -> Response:
        uuid, index = request.path_params.get("uuid"), request.query_params.get("logIndex")
        found = self._log.find(uuid=uuid, index=index)
        return JSONResponse(found.answer) if found else await self._anything_else(request)

    async def _search(self, request: Request) -> Response:
        """A question that has a body: it is asked of the real log, where what was signed before lies."""
        return await self._upstream.relay(request, REKOR, body=await request.body())

    async def _anything_else(self, request: Request) -> Response:
        """What was signed elsewhere may be looked up in the real log; nothing is written."""
        host, path = visit(request).host, visit(request).path
        if request.method in _READING:
            if host == REKOR:
                return await self._upstream.relay(request, host)
            return JSONResponse({"code": _NOT_FOUND, "message": "Not Found", "details": []}, status_code=404)
        message = f"pysim lets no job write to {host}: {request.method} {path} was not sent."
        return JSONResponse({"code": 403, "message": message}, status_code=403)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SigningRefusedError)
    return JSONResponse({"code": error.code, "message": str(error), "details": []}, status_code=error.status)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SigningRefusedError(400, _INVALID_ARGUMENT, "The request is no JSON object")
    return value


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _requested_key(body: Mapping[str, Any], claims: Mapping[str, str]) -> Any:
    """The key to be certified, once its holder has proved to hold it: by a CSR, or by signing the token's subject."""
    unreadable = "The certificate signing request could not be parsed"
    try:
        if "certificateSigningRequest" in body:
            csr = x509.load_pem_x509_csr(base64.b64decode(str(body["certificateSigningRequest"])))
            proved, key = csr.is_signature_valid, csr.public_key()
        else:
            unreadable = "The public key supplied in the request could not be parsed"
            asked = _inner(body, "publicKeyRequest")
            key = _elliptic(serialization.load_pem_public_key(_inner(asked, "publicKey")["content"].encode()))
            proof = base64.b64decode(str(asked["proofOfPossession"]))
            proved = _is_signed(key, proof, claims["sub"].encode())
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise SigningRefusedError(400, _INVALID_ARGUMENT, unreadable) from None
    if not proved:
        text = "The signature supplied in the request could not be verified"
        raise SigningRefusedError(400, _INVALID_ARGUMENT, text)
    return key


def _entry_of(proposed: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
    """The log's entry for what was signed, and the key that signed it.

    Raises KeyError, TypeError, ValueError and InvalidSignature for what the log does not take.
    """
    kinds = {("dsse", "0.0.1"): _dsse_entry, ("hashedrekord", "0.0.1"): _hashedrekord_entry}
    taken = kinds.get((str(proposed.get("kind")), str(proposed.get("apiVersion"))))
    if taken is None:
        raise ValueError(f"pysim logs no entry of the kind {proposed.get('kind')!r}")
    return taken(proposed["spec"])


def _hashedrekord_entry(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
    """The entry for a file, of which the log is shown the hash."""
    digest, signature = given["data"]["hash"], given["signature"]
    if digest["algorithm"] != "sha256":
        raise ValueError(f"pysim logs no hash of the kind {digest['algorithm']!r}")
    verifier = signature["publicKey"]["content"]
    certificate = x509.load_pem_x509_certificate(base64.b64decode(verifier))
    key = _elliptic(certificate.public_key())
    hashed = ec.ECDSA(Prehashed(hashes.SHA256()))
    key.verify(base64.b64decode(signature["content"]), bytes.fromhex(digest["value"]), hashed)
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": digest["value"]}},
        "signature": {"content": signature["content"], "publicKey": {"content": verifier}},
    }
    return {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec}, _bytes_of(key)


def _dsse_entry(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
    """The entry for a signed envelope."""
    content = given["proposedContent"]
    text, (verifier,) = content["envelope"], content["verifiers"]
    envelope = json.loads(text)
    payload, (signature,) = base64.b64decode(envelope["payload"]), envelope["signatures"]
    certificate = x509.load_pem_x509_certificate(base64.b64decode(verifier))
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    if not _is_signed(_elliptic(certificate.public_key()), base64.b64decode(signature["sig"]), signed):
        raise InvalidSignature
    spec = {
        "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(text.encode()).hexdigest()},
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        "signatures": [{"signature": signature["sig"], "verifier": verifier}],
    }
    entry = {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}
    return entry, _bytes_of(certificate.public_key())


def _is_signed(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _elliptic(key: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("pysim takes signatures of elliptic curve keys alone")  # noqa: TRY004
    return key


def _bytes_of(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded

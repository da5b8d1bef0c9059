"""Attestations made of the parts of the stand-ins, without a client: genuine ones, and those that no client makes."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.indexes import indexes
from simulator.twins.sigstore.certificates import certify
from simulator.twins.sigstore.log import TransparencyLog
from simulator.twins.sigstore.root import TrustRoot

from .distributions import Form

PUBLISH = f"https://docs.{indexes()['pypi'].main_host}/attestations/publish/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
KIND = "application/vnd.in-toto+json"
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Forger:
    """Signs whatever it is told, as whom it is told, by the `root`'s authority and log."""

    root: TrustRoot
    claims: Mapping[str, str]
    certified: float = field(default_factory=time.time)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signing_key: ec.EllipticCurvePrivateKey | None = None  # another one than is certified

    def attest(self, form: Form, **changes: Any) -> Json:
        """An attestation of a form's file; `changes` replace parts of the statement."""
        subject = {"name": form.filename, "digest": {"sha256": hashlib.sha256(form.content).hexdigest()}}
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [subject],
            "predicateType": PUBLISH,
            "predicate": None,
            **changes,
        }
        return self._attestation(json.dumps(statement).encode())

    def _attestation(self, payload: bytes) -> Json:
        signed = b"DSSEv1 %d %s %d %s" % (len(KIND), KIND.encode(), len(payload), payload)
        signature = _base64((self.signing_key or self.key).sign(signed, ec.ECDSA(hashes.SHA256())))
        certificate = certify(self.root, self.key.public_key(), self.claims, self.certified)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        entry = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(signed).hexdigest()},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
                "signatures": [{"signature": signature, "verifier": _base64(pem)}],
            },
        }
        log = TransparencyLog(self.root.signature_log)
        for number in range(4):  # so that its proof has a way to go
            log.add({"number": str(number)}, time.time())
        (answer,) = log.add(entry, time.time()).answer.values()
        return {
            "version": 1,
            "verification_material": {
                "certificate": _base64(certificate.public_bytes(serialization.Encoding.DER)),
                "transparency_entries": [_entry(answer)],
            },
            "envelope": {"statement": _base64(payload), "signature": signature},
        }


def _entry(answer: Json) -> Json:
    """The log's answer as attestations hold it."""
    proof = answer["verification"]["inclusionProof"]
    return {
        "logIndex": str(answer["logIndex"]),
        "logId": {"keyId": _base64(bytes.fromhex(answer["logID"]))},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": str(answer["integratedTime"]),
        "inclusionPromise": {"signedEntryTimestamp": answer["verification"]["signedEntryTimestamp"]},
        "inclusionProof": {
            "logIndex": str(proof["logIndex"]),
            "rootHash": _base64(bytes.fromhex(proof["rootHash"])),
            "treeSize": str(proof["treeSize"]),
            "hashes": [_base64(bytes.fromhex(digest)) for digest in proof["hashes"]],
            "checkpoint": {"envelope": proof["checkpoint"]},
        },
        "canonicalizedBody": answer["body"],
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()

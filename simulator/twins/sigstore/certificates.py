"""Signing certificates: for ten minutes a key stands for the workflow that an ID token of GitHub's names.

Source of the extensions: sigstore/fulcio, docs/oid-info.md and its templates for GitHub. Knows no request.
"""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from simulator.twins.sigstore.root import Log, TrustRoot, usage

LIFETIME: Final = 600  # seconds
GITHUB: Final = "https://github.com/"
_ARC: Final = "1.3.6.1.4.1.57264.1"
# Raw text, of the first days of Fulcio, from claims as they are.
_RAW: Final = {1: "iss", 2: "event_name", 3: "sha", 4: "workflow", 5: "repository", 6: "ref"}
# UTF8String, from a template of claims. 18 is the Build Config URI: the file that the event started, while 9, the
# Build Signer URI, is the one that holds the job.
_ENCODED: Final = {
    8: "{iss}",
    9: GITHUB + "{job_workflow_ref}",
    10: "{job_workflow_sha}",
    11: "{runner_environment}",
    12: GITHUB + "{repository}",
    13: "{sha}",
    14: "{ref}",
    15: "{repository_id}",
    16: GITHUB + "{repository_owner}",
    17: "{repository_owner_id}",
    18: GITHUB + "{workflow_ref}",
    19: "{workflow_sha}",
    20: "{event_name}",
    21: GITHUB + "{repository}/actions/runs/{run_id}/attempts/{run_attempt}",
    22: "{repository_visibility}",
}
_UTF8, _OCTETS = 0x0C, 0x04


def certify(root: TrustRoot, key: CertificatePublicKeyTypes, claims: Mapping[str, str], now: float) -> x509.Certificate:
    """A certificate for a key. Raises KeyError for a claim that is missing."""
    draft = _builder(root, key, claims, now)
    unlogged = draft.sign(root.key, hashes.SHA256())
    stamp = _timestamp(root, unlogged, now)
    return draft.add_extension(stamp, critical=False).sign(root.key, hashes.SHA256())


def _builder(
    root: TrustRoot, key: CertificatePublicKeyTypes, claims: Mapping[str, str], now: float
) -> x509.CertificateBuilder:
    start = datetime.datetime.fromtimestamp(int(now), tz=datetime.UTC)
    subject = x509.UniformResourceIdentifier(f"{GITHUB}{claims['job_workflow_ref']}")
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(root.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(seconds=LIFETIME))
        .add_extension(usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([subject]), critical=True)
    )
    for extension in _identity(claims):
        builder = builder.add_extension(extension, critical=False)
    return builder


def _identity(claims: Mapping[str, str]) -> Iterator[x509.UnrecognizedExtension]:
    for number, name in _RAW.items():
        yield x509.UnrecognizedExtension(_oid(number), claims[name].encode())
    for number, template in _ENCODED.items():
        yield x509.UnrecognizedExtension(_oid(number), _der(_UTF8, template.format_map(claims).encode()))


def _timestamp(root: TrustRoot, certificate: x509.Certificate, now: float) -> x509.UnrecognizedExtension:
    """The certificate log's promise (RFC 6962, 3.2 and 3.3), which a certificate has within."""
    log, when = root.certificate_log, int(now * 1000)
    body = certificate.tbs_certificate_bytes
    entry = _authority_id(root) + len(body).to_bytes(3, "big") + body
    signature = log.sign(struct.pack("!BBQH", 0, 0, when, 1) + entry + struct.pack("!H", 0))
    stamp = struct.pack("!B32sQHBBH", 0, log.id, when, 0, 4, 3, len(signature)) + signature
    listed = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
    oid = ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS
    return x509.UnrecognizedExtension(oid, _der(_OCTETS, listed))


def _authority_id(root: TrustRoot) -> bytes:
    return Log(key=root.key).id


def _oid(number: int) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(f"{_ARC}.{number}")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content

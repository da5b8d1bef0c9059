"""The root of trust of this installation's signatures: its keys, and the files by which Sigstore's clients trust it.

Knows no request. Form of the files: the trust root messages of sigstore/protobuf-specs, in JSON.
"""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.errors import TwinError
from simulator.twins.authority import keep_secret
from simulator.twins.hosts import FULCIO, REKOR

KEY_FILE: Final = "signing.pem"
_START: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END: Final = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)
_VALID: Final = {"start": _START.strftime("%Y-%m-%dT%H:%M:%SZ")}
_BEGIN: Final = b"-----BEGIN "
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """A log's key; its id is the key's digest (RFC 6962, 3.2)."""

    key: ec.EllipticCurvePrivateKey

    @property
    def public_key(self) -> bytes:
        """The public key, DER."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def id(self) -> bytes:
        """The id."""
        return hashlib.sha256(self.public_key).digest()

    def sign(self, data: bytes) -> bytes:
        """A signature (ECDSA with SHA-256, DER)."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def described(self, url: str) -> Json:
        """The log as a trust root lists it."""
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": _base64(self.public_key),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": _VALID,
            },
            "logId": {"keyId": _base64(self.id)},
        }


@dataclass(frozen=True)
class TrustRoot:
    """An authority that certifies signing keys, the log of its certificates, and the log of signatures."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_log: Log
    signature_log: Log

    @classmethod
    def load(cls, folder: Path) -> TrustRoot:
        """The root kept in `folder`, made on first use. Raises TwinError when the file there is none."""
        path = folder / KEY_FILE
        try:
            if not path.exists():
                keep_secret(path, _new())
            certificate, *keys = [_BEGIN + part for part in path.read_bytes().split(_BEGIN)[1:]]
            authority, certificate_log, signature_log = map(_key, keys)
            return cls(
                x509.load_pem_x509_certificate(certificate),
                authority,
                Log(key=certificate_log),
                Log(key=signature_log),
            )
        except (OSError, ValueError) as error:
            raise TwinError(f"Cannot read pysim's signing keys: {error}", hint=f"Remove {path}.") from error

    @property
    def chain(self) -> Sequence[str]:
        """The certificates above a signing certificate, PEM."""
        return (self.certificate.public_bytes(serialization.Encoding.PEM).decode(),)

    @functools.cached_property
    def trusted_root(self) -> Json:
        """What a verifier trusts."""
        authority = {
            "subject": {"organization": "pysim", "commonName": "pysim"},
            "uri": f"https://{FULCIO}",
            "certChain": {
                "certificates": [{"rawBytes": _base64(self.certificate.public_bytes(serialization.Encoding.DER))}]
            },
            "validFor": _VALID,
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.signature_log.described(f"https://{REKOR}")],
            "certificateAuthorities": [authority],
            "ctlogs": [self.certificate_log.described(f"https://{FULCIO}/pysim")],
            "timestampAuthorities": [],
        }

    @property
    def signing_config(self) -> Json:
        """Which services a signer uses."""
        return {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [_service(FULCIO)],
            "oidcUrls": [],
            "rekorTlogUrls": [_service(REKOR)],
            "tsaUrls": [],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {"selector": "ANY"},
        }

    @property
    def client_config(self) -> Json:
        """Both, as clients take them in one file."""
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root,
            "signingConfig": self.signing_config,
        }


def _service(host: str) -> Json:
    return {"url": f"https://{host}", "majorApiVersion": 1, "validFor": _VALID, "operator": "pysim"}


def _new() -> bytes:
    """A new root: its certificate and its three keys, PEM."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pysim"),
            x509.NameAttribute(NameOID.COMMON_NAME, "pysim signing on this machine"),
        ]
    )
    public = keys[0].public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(keys[0], hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + b"".join(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        for key in keys
    )


def usage(*, certificates: bool) -> x509.KeyUsage:
    """What a key is for: signing certificates, or signing all else."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic curve key")  # noqa: TRY004 - one kind of error for a file that is no root
    return key


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()

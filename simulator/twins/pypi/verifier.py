"""Verifies attestations as PyPI does, with the library that PyPI uses; a program of its own, started by its neighbour.

`pypi-attestations` trusts what it finds in the user's folder of its TUF client. Here that folder is this process's own,
and holds pysim's root: so the library is the real one, unchanged. Reads a request and writes an answer a line, in JSON;
imports nothing of pysim. Source of the order and of the words: pypi/warehouse, warehouse/attestations/services.py.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import platformdirs
from pydantic import TypeAdapter, ValidationError
from pypi_attestations import (
    Attestation,
    AttestationBundle,
    AttestationType,
    Distribution,
    GitHubPublisher,
    Provenance,
    VerificationError,
)
from sigstore.models import ClientTrustConfig

PUBLIC: Final = "https://tuf-repo-cdn.sigstore.dev"
SUPPORTED: Final = (AttestationType.PYPI_PUBLISH_V1, AttestationType.SLSA_PROVENANCE_V1)
# The library prints the certificate's extension as Python shows it; here its value alone is told.
_EXTENSION: Final = re.compile(r"<Extension\(.*value=b(?P<quote>['\"])\S*?(?P<uri>https://[^'\"]*)(?P=quote).*\)>")


class AttestationsRefusedError(Exception):
    """The attestations are refused; the text is the index's own."""


def main() -> None:
    """Answer requests until there are no more."""
    logging.disable()
    trust(json.loads(sys.stdin.readline()))
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - speaks with its parent on stdout
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201


def trust(config: Mapping[str, Any]) -> None:
    """Put pysim's root where the library looks for the public one. Raises SystemExit when it does not look there."""
    folder = Path(platformdirs.user_cache_dir("sigstore-python", "sigstore"), "tuf", quote(PUBLIC, safe=""))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trusted_root.json").write_text(json.dumps(config["trustedRoot"]), encoding="utf-8")
    (folder / "signing_config.v0.2.json").write_text(json.dumps(config["signingConfig"]), encoding="utf-8")
    ours = ClientTrustConfig.from_json(json.dumps(config)).trusted_root.get_fulcio_certs()
    if ClientTrustConfig.production(offline=True).trusted_root.get_fulcio_certs() != ours:
        raise SystemExit("this version of sigstore does not take the root of trust that it is given")


def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The provenance of a file, or why its attestations are refused."""
    publisher = GitHubPublisher(**request["publisher"])
    try:
        distribution = Distribution(name=request["filename"], digest=request["sha256"])
        attestations = parsed(request["attestations"])
        verify(attestations, publisher, distribution)
    except AttestationsRefusedError as error:
        return {"refused": str(error)}
    bundle = AttestationBundle(publisher=publisher, attestations=list(attestations))
    provenance = Provenance(attestation_bundles=[bundle]).model_dump(mode="json")
    for described in provenance["attestation_bundles"]:
        described["publisher"].setdefault("claims", None)
    return {"provenance": provenance}


def parsed(text: str) -> Sequence[Attestation]:
    """The attestations of an upload. Raises AttestationsRefusedError."""
    try:
        attestations = TypeAdapter(list[Attestation]).validate_json(text)
    except ValidationError as error:
        raise AttestationsRefusedError(f"Malformed attestations: {error}") from None
    if not attestations:
        raise AttestationsRefusedError("Malformed attestations: an empty attestation set is not permitted")
    if len(attestations) > len(SUPPORTED):
        raise AttestationsRefusedError(f"A maximum of {len(SUPPORTED)} attestations per file are supported")
    return attestations


def verify(attestations: Sequence[Attestation], publisher: GitHubPublisher, distribution: Distribution) -> None:
    """Verify each, and that no two are of one kind. Raises AttestationsRefusedError."""
    seen: set[str] = set()
    for attestation in attestations:
        kind = verified(attestation, publisher, distribution)
        if kind not in SUPPORTED:
            raise AttestationsRefusedError(f"Attestation with unsupported predicate type: {kind}")
        if kind in seen:
            raise AttestationsRefusedError(
                f"Multiple attestations for the same file with the same predicate type ({kind}) are not supported"
            )
        seen.add(kind)


def verified(attestation: Attestation, publisher: GitHubPublisher, distribution: Distribution) -> str:
    """The predicate type of a genuine attestation. Raises AttestationsRefusedError."""
    try:
        return attestation.verify(publisher, distribution, offline=True)[0]
    except VerificationError as error:
        text = _EXTENSION.sub(lambda found: found["uri"], str(error))
        raise AttestationsRefusedError(
            f"Could not verify the uploaded artifact using the included attestation: {text}"
        ) from None
    except Exception as error:  # noqa: BLE001 - as the index does
        raise AttestationsRefusedError(f"Unknown error while trying to verify included attestations: {error}") from None


if __name__ == "__main__":
    main()

"""Signs distributions as PEP 740 says, with the libraries of the real action, under pysim's own root of trust."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import id as ambient

from simulator.actions.builtin.gh_action_pypi_publish import messages
from simulator.actions.builtin.gh_action_pypi_publish.scripts import uncaught
from simulator.actions.builtin.toolkit import http, log, signing, step
from simulator.actions.builtin.toolkit.step import ActionError

if TYPE_CHECKING:
    from sigstore.oidc import IdentityToken

SUFFIXES = (".tar.gz", ".zip", ".whl")


def attest(folder: Path) -> bool:
    """Write `<file>.publish.attestation` beside every distribution of a folder, for twine to send; True.

    Raises ActionError where the real action refuses. Where it falls over, so does this one.
    """
    attestations = to_be_made(folder)
    identity = identity_token()
    if attestations:
        with uncaught():
            sign(attestations, identity)
    return True


def sign(attestations: Mapping[Path, Path], identity: IdentityToken) -> None:
    """Sign each distribution with one key, which is certified for the job."""
    from pypi_attestations import Attestation, Distribution
    from sigstore.sign import SigningContext

    speak()
    os.environ["REQUESTS_CA_BUNDLE"] = http.bundle()  # the library opens sessions of its own
    context = SigningContext.from_trust_config(signing.trust())
    with context.signer(identity, cache=True) as signer:
        log.debug(f"attesting to dists: {list(map(str, attestations))}")
        for distribution, attestation in attestations.items():
            signed = Attestation.sign(signer, Distribution.from_file(distribution))
            attestation.write_text(signed.model_dump_json(), encoding="utf-8")
            log.debug(f"saved publish attestation: {distribution=} {attestation=}")


def to_be_made(folder: Path) -> Mapping[Path, Path]:
    """Where the attestation of each distribution goes. Raises ActionError for those that cannot have a new one."""
    distributions = sorted(path for path in folder.absolute().glob("*") if path.name.endswith(SUFFIXES))
    odd = [str(path) for path in distributions if not path.is_file()]
    if odd:
        raise refusal(f"The following paths look like distributions but are not actually files: {', '.join(odd)}")
    attestations = {path: Path(f"{path}.publish.attestation") for path in distributions}
    again = [f"* {path} -> {made}" for path, made in attestations.items() if made.exists()]
    if again:
        listed = "\n".join(again)
        raise refusal(f"The following distributions already have publish attestations: {listed}")
    return attestations


def identity_token() -> IdentityToken:
    """The job's ID token for signing. Raises ActionError: the one for publishing was got, so this one should be too."""
    from sigstore.oidc import IdentityError, IdentityToken

    reason = "Attempted to discover OIDC in broken environment"
    try:
        if token := ambient.detect_credential("sigstore"):
            return IdentityToken(token)
    except (ambient.IdentityError, IdentityError) as error:
        reason = str(error)
    raise refusal(messages.SIGNING_REFUSED.format(reason=reason))


def speak() -> None:
    """Let the library tell all that it does, as the real action does."""
    library = logging.getLogger("sigstore")
    library.setLevel(logging.DEBUG)
    library.addHandler(logging.StreamHandler(sys.stderr))


def refusal(text: str) -> ActionError:
    """The error, with its explanation in the step's summary."""
    step.add_summary(messages.SIGNING_SUMMARY.format(message=text))
    return ActionError(f"Attestation generation failure: {text}")

"""Attestations (PEP 740): a real client signs under pysim's root, and the index takes what PyPI would take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from simulator.run_events import FileUploaded

from .conftest import CLAIMS, Job, Rig, publisher
from .distributions import write_dists
from .test_pypi_clients import twine

pytestmark = pytest.mark.clients
IDENTITY = {
    **CLAIMS,
    "workflow": "Release",
    "workflow_sha": "a" * 40,
    "job_workflow_sha": "a" * 40,
    "runner_environment": "github-hosted",
    "repository_visibility": "public",
    "run_id": "77",
    "run_attempt": "1",
}
SIGN = """
import sys
from pathlib import Path
import id, requests
from pypi_attestations import Attestation, Distribution
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

config = requests.get("https://fulcio.sigstore.dev/pysim/client-trust-config.json").text
identity = IdentityToken(id.detect_credential("sigstore"))
with SigningContext.from_trust_config(ClientTrustConfig.from_json(config)).signer(identity) as signer:
    for path in map(Path, sys.argv[1:]):
        signed = Attestation.sign(signer, Distribution.from_file(path))
        Path(f"{path}.publish.attestation").write_text(signed.model_dump_json())
"""


def sign(job: Job, python: str, *paths: Path, program: str = SIGN) -> subprocess.CompletedProcess[str]:
    """Sign files with Sigstore's own client, and leave each attestation beside its file."""
    return job.run(python, "-c", program, *paths, env=job.resolver_env)


def test_a_release_with_attestations(rig: Rig, python: str) -> None:
    rig.twins.assume(publisher())
    job = rig.job(claims=IDENTITY)
    built = write_dists(job.folder / "dist")
    done = sign(job, python, *built)
    assert done.returncode == 0, done.stderr
    done = twine(job, python, "--attestations", *map(str, sorted((job.folder / "dist").iterdir())))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(event.status, event.attested) for event in rig.seen(FileUploaded)] == [(200, True)] * 2

"""Attestations (PEP 740): a real client signs under pysim's root, and the index takes what PyPI would take."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pypi_attestations import Provenance

from simulator.errors import ProcessError, TwinError
from simulator.indexes import IndexName, indexes
from simulator.run_events import FileUploaded, FindingRaised, TwinRequest
from simulator.twins.injection.faults import parse_faults
from simulator.twins.oidc import ISSUER, Issuer
from simulator.twins.pypi.catalogue import Flag
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.verification import Attested, Verification
from simulator.twins.sigstore.root import TrustRoot

from .distributions import Form, sdist_form, write_dists
from .driving import CLAIMS, REPOSITORY, Job, Rig, Start, publisher
from .forging import PROVENANCE, PUBLISH, Forger, Json
from .index_clients import twine
from .minting import exchange
from .uploading import Uploader

pytestmark = pytest.mark.clients
GITHUB = "https://github.com"
MAIN = indexes()["pypi"].main_host
SIMPLE = "application/vnd.pypi.simple.v1+json"
FULCIO, REKOR = "https://fulcio.sigstore.dev", "https://rekor.sigstore.dev"
SIGN = """
import sys
from pathlib import Path
import id, requests
from pypi_attestations import Attestation, Distribution
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

address = "https://fulcio.sigstore.dev/pysim/client-trust-config.json"
config = ClientTrustConfig.from_json(requests.get(address).text)
identity = IdentityToken(id.detect_credential("sigstore"))
with SigningContext.from_trust_config(config).signer(identity) as signer:
    for path in map(Path, sys.argv[1:]):
        signed = Attestation.sign(signer, Distribution.from_file(path))
        Path(f"{path}.publish.attestation").write_text(signed.model_dump_json())
"""
WITH_THE_PUBLIC_ROOT = SIGN.replace("from_json(requests.get(address).text)", "production(offline=True)")


def sign(job: Job, python: str, *paths: Path, program: str = SIGN) -> subprocess.CompletedProcess[str]:
    """Sign files with Sigstore's own client, and leave each attestation beside its file."""
    return job.run(python, "-c", program, *paths, env=job.resolver_env)


def kept(rig: Rig, filename: str, index: IndexName = "pypi") -> Mapping[str, Any] | None:
    with Store(rig.settings.folder / "index" / index).reading() as catalogue:
        return catalogue.provenance(filename)


def test_a_release_with_attestations(rig: Rig, python: str) -> None:
    rig.twins.assume(publisher())
    job = rig.job()
    built = write_dists(job.folder / "dist")
    done = sign(job, python, *built)
    assert done.returncode == 0, done.stderr
    done = twine(job, sorted((job.folder / "dist").iterdir()), "--attestations")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(event.status, event.attested) for event in rig.seen(FileUploaded)] == [(200, True)] * 2
    for path in built:
        sent = json.loads(Path(f"{path}.publish.attestation").read_text())
        assert kept(rig, path.name) == {
            "version": 1,
            "attestation_bundles": [
                {
                    "publisher": {
                        "kind": "GitHub",
                        "repository": REPOSITORY,
                        "workflow": "pypi.yml",
                        "environment": "pypi",
                        "claims": None,
                    },
                    "attestations": [sent],
                }
            ],
        }
        page = f"https://{MAIN}/integrity/demo/0.1.0/{path.name}/provenance"
        served = job.http.get(page)
        assert served.json() == kept(rig, path.name)
        (bundle,) = Provenance.model_validate_json(served.text).attestation_bundles
        assert bundle.attestations[0].statement["subject"][0]["name"] == path.name
        simple = job.http.get(f"https://{MAIN}/simple/demo/", headers={"accept": SIMPLE})
        assert page in [file["provenance"] for file in simple.json()["files"]]
    rig.twins.close_job("publish")
    assert rig.seen(FindingRaised) == []
    assert {event.twin for event in rig.seen(TwinRequest)} == {"sigstore", "oidc", "pypi"}


def test_a_certificate_says_what_githubs_says(rig: Rig, python: str) -> None:
    called = f"{REPOSITORY}/.github/workflows/called.yml@refs/tags/v0.1.0"
    job = rig.job(claims={"job_workflow_ref": called})
    (path, _) = write_dists(job.folder / "dist")
    assert sign(job, python, path).returncode == 0
    sent = json.loads(Path(f"{path}.publish.attestation").read_text())
    certificate = x509.load_der_x509_certificate(
        base64.b64decode("".join(sent["verification_material"]["certificate"].split()))
    )
    said = {
        int(extension.oid.dotted_string.rpartition(".")[2]): extension.value.public_bytes()
        for extension in certificate.extensions
        if extension.oid.dotted_string.startswith("1.3.6.1.4.1.57264.1.")
    }
    assert {number: value[2:].decode() for number, value in said.items() if number >= 8} == {
        8: ISSUER,
        9: f"{GITHUB}/{called}",
        10: "c" * 40,
        11: "github-hosted",
        12: f"{GITHUB}/{REPOSITORY}",
        13: "a" * 40,
        14: "refs/tags/v0.1.0",
        15: "123456",
        16: f"{GITHUB}/octo",
        17: "65",
        18: f"{GITHUB}/{CLAIMS['workflow_ref']}",
        19: "b" * 40,
        20: "push",
        21: f"{GITHUB}/{REPOSITORY}/actions/runs/77/attempts/1",
        22: "public",
    }
    assert [said[number].decode() for number in range(1, 7)] == [
        ISSUER,
        "push",
        "a" * 40,
        "Release",
        REPOSITORY,
        "refs/tags/v0.1.0",
    ]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"{GITHUB}/{called}"]


class Attester(Uploader):
    """Uploads as a trusted publisher, with attestations that it makes itself."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        rig.twins.assume(publisher())
        self.token = exchange(self.job).json()["token"]
        self.forger = Forger(root=TrustRoot.load(rig.settings.authority), claims={**CLAIMS, "iss": ISSUER})

    def verdict(self, form: Form, *attestations: Json) -> str:
        """What the index says of an upload; "OK" when it takes it."""
        text = json.dumps(attestations)
        answer = self.send(form.but(attestations=text))
        start = "Invalid attestations supplied during upload: "
        return "OK" if answer.is_success else self.refused(form.but(attestations=text))[1].removeprefix(start)


@pytest.fixture
def attester(rig: Rig) -> Attester:
    return Attester(rig)


def test_the_parts_make_genuine_attestations(attester: Attester) -> None:
    form = Form()
    both = [attester.forger.attest(form), attester.forger.attest(form, predicateType=PROVENANCE, predicate={})]
    assert attester.verdict(form, *both) == "OK"
    provenance = kept(attester.rig, form.filename)
    assert provenance is not None
    assert [len(bundle["attestations"]) for bundle in provenance["attestation_bundles"]] == [2]


UNVERIFIED = "Could not verify the uploaded artifact using the included attestation: Verification failed: "


def edited(attestation: Json, **changes: str) -> Json:
    """An attestation whose statement says something else than was signed."""
    altered = copy.deepcopy(attestation)
    statement = json.loads(base64.b64decode(altered["envelope"]["statement"])) | changes
    altered["envelope"]["statement"] = base64.b64encode(json.dumps(statement).encode()).decode()
    return altered


def unpromised(attestation: Json) -> Json:
    altered = copy.deepcopy(attestation)
    del altered["verification_material"]["transparency_entries"][0]["inclusionPromise"]
    return altered


def misplaced(attestation: Json) -> Json:
    """An attestation whose entry is said to lie elsewhere in the log than where it lies."""
    altered = copy.deepcopy(attestation)
    altered["verification_material"]["transparency_entries"][0]["inclusionProof"]["logIndex"] = "2"
    return altered


def with_key_of_another(forger: Forger) -> Forger:
    return replace(forger, signing_key=ec.generate_private_key(ec.SECP256R1()))


def of(forger: Forger, **claims: str) -> Forger:
    return replace(forger, claims={**forger.claims, **claims})


OTHER_WORKFLOW = f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v0.1.0"
FORGED: Mapping[str, tuple[Callable[[Forger, Form], Json], str]] = {
    "other key": (
        lambda forger, form: with_key_of_another(forger).attest(form),
        f"{UNVERIFIED}DSSE: invalid signature",
    ),
    "other workflow": (
        lambda forger, form: of(forger, workflow_ref=OTHER_WORKFLOW).attest(form),
        (
            f"{UNVERIFIED}Certificate's Build Config URI ({GITHUB}/{OTHER_WORKFLOW}) does not match expected Trusted "
            f"Publisher (pypi.yml @ {REPOSITORY})"
        ),
    ),
    "other repository": (
        lambda forger, form: of(forger, repository="octo/other").attest(form),
        f"{UNVERIFIED}Certificate's OIDCSourceRepositoryURI does not match",
    ),
    "other issuer": (
        lambda forger, form: of(forger, iss="https://gitlab.com").attest(form),
        f"{UNVERIFIED}Certificate's OIDCIssuerV2 does not match",
    ),
    "certified an hour ago": (
        lambda forger, form: replace(forger, certified=time.time() - 3600).attest(form),
        f"{UNVERIFIED}failed to build timestamp certificate chain: ",
    ),
    "altered predicate": (
        lambda forger, form: edited(forger.attest(form), predicateType=PROVENANCE),
        f"{UNVERIFIED}DSSE: invalid signature",
    ),
    "other file": (
        lambda forger, form: forger.attest(replace(form, content=b"other")),
        f"{UNVERIFIED}subject does not match distribution digest",
    ),
    "replayed for another file": (
        lambda forger, form: forger.attest(replace(form, filename="demo-0.1.1-py3-none-any.whl")),
        f"{UNVERIFIED}subject does not match distribution name: demo-0.1.1-py3-none-any.whl != {Form().filename}",
    ),
    "no subject": (
        lambda forger, form: forger.attest(form, subject=[]),
        UNVERIFIED,
    ),
    "unknown predicate": (
        lambda forger, form: forger.attest(form, predicateType="https://example.org/v1"),
        f"{UNVERIFIED}unknown attestation type: https://example.org/v1",
    ),
    "misplaced in the log": (
        lambda forger, form: misplaced(forger.attest(form)),
        f"{UNVERIFIED}invalid log entry: inclusion proof ",
    ),
    "no promise of the log": (
        lambda forger, form: unpromised(forger.attest(form)),
        "Unknown error while trying to verify included attestations: ",
    ),
}


def test_forged_attestations(attester: Attester) -> None:
    said = {name: attester.verdict(Form(), forge(attester.forger, Form())) for name, (forge, _) in FORGED.items()}
    wrong = {name: told for name, told in said.items() if not told.startswith(FORGED[name][1])}
    assert wrong == {}
    assert kept(attester.rig, Form().filename) is None
    assert attester.rig.twins.published() == []


def test_an_attestation_under_a_foreign_root(attester: Attester, tmp_path: Path) -> None:
    foreign = replace(attester.forger, root=TrustRoot.load(tmp_path / "foreign"))
    told = attester.verdict(Form(), foreign.attest(Form()))
    assert told.startswith(f"{UNVERIFIED}failed to build timestamp certificate chain: ")


def test_how_many_attestations(attester: Attester) -> None:
    one = attester.forger.attest(Form())
    assert attester.verdict(Form(), one, one, one) == "A maximum of 2 attestations per file are supported"
    assert attester.verdict(Form(), one, one) == (
        f"Multiple attestations for the same file with the same predicate type ({PUBLISH}) are not supported"
    )
    assert attester.verdict(Form()) == "Malformed attestations: an empty attestation set is not permitted"
    assert attester.verdict(Form(), one) == "OK"
    assert attester.verdict(sdist_form(), one).startswith(f"{UNVERIFIED}subject does not match distribution name")


def test_an_upload_of_a_user_has_no_attestations(attester: Attester) -> None:
    text = json.dumps([attester.forger.attest(Form())])
    said = "Invalid attestations supplied during upload: Attestations are only supported when using Trusted Publishing"
    form = Form().but(attestations=text)
    assert attester.refused(form, attester.rig.twins.upload_token("pypi")) == (400, said)


def test_an_index_that_looks_at_no_attestations(attester: Attester) -> None:
    with Store(attester.rig.settings.folder / "index" / "pypi").transaction() as catalogue:
        catalogue.raise_flag(Flag.NO_ATTESTATIONS)
    assert attester.verdict(Form(), {"not": "looked at"}) == "OK"
    assert [event.attested for event in attester.rig.seen(FileUploaded)] == [False]


def test_provenance_stays_with_a_kept_index(attester: Attester, start: Start) -> None:
    assert attester.verdict(Form(), attester.forger.attest(Form())) == "OK"
    attester.rig.twins.keep_index()
    later = start(folder=attester.rig.settings.folder.parent / "later")
    assert kept(later, Form().filename) == kept(attester.rig, Form().filename)


def test_a_client_that_trusts_the_public_root_alone(rig: Rig, python: str) -> None:
    job = rig.job()
    (path, _) = write_dists(job.folder / "dist")
    done = sign(job, python, path, program=WITH_THE_PUBLIC_ROOT)
    assert done.returncode == 1
    assert "SCT verify failed" in done.stderr
    assert rig.seen(FindingRaised) == []
    rig.twins.close_job("publish")
    (raised,) = rig.seen(FindingRaised)
    assert (raised.finding.code, raised.finding.where) == ("attestations-not-rehearsed", "publish")


def test_an_outage(start: Start, python: str) -> None:
    rig = start(faults=parse_faults(["sigstore-down"]))
    job = rig.job()
    (path, _) = write_dists(job.folder / "dist")
    done = sign(job, python, path)
    assert done.returncode == 1
    assert "502 Server Error" in done.stderr
    assert "FulcioClientError" in done.stderr
    rig.twins.close_job("publish")
    assert rig.seen(FindingRaised) == []
    rig.twins.mend()
    assert sign(rig.job("again"), python, path).returncode == 0


def certificate_request(key: ec.EllipticCurvePrivateKey) -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return base64.b64encode(request.public_bytes(serialization.Encoding.PEM)).decode()


def ask(job: Job, token: str, **body: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}" if token else "none"}
    return job.http.post(f"{FULCIO}/api/v2/signingCert", json=body, headers=headers)


def id_token(job: Job, audience: str = "sigstore") -> str:
    env = job.access.run_env
    answer = job.http.get(
        f"{env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={audience}",
        headers={"authorization": f"bearer {env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
    )
    return str(answer.json()["value"])


def test_who_gets_no_certificate(rig: Rig) -> None:
    job = rig.job()
    key = ec.generate_private_key(ec.SECP256R1())
    csr = certificate_request(key)
    foreign = Issuer(time.time).token({"sub": "x"}, "sigstore")
    for token in ("", "x.y.z", foreign, id_token(job, "pypi")):
        answer = ask(job, token, certificateSigningRequest=csr)
        assert (answer.status_code, answer.json()["message"]) == (
            401,
            "There was an error processing the identity token",
        )
    other = certificate_request(ec.generate_private_key(ec.SECP256R1()))
    for body, said in (
        ({"certificateSigningRequest": "eA=="}, "The certificate signing request could not be parsed"),
        ({}, "The public key supplied in the request could not be parsed"),
        (
            {"publicKeyRequest": proof(key, key, "somebody else")},
            "The signature supplied in the request could not be verified",
        ),
    ):
        answer = ask(job, id_token(job), **body)
        assert (answer.status_code, answer.json()["message"]) == (400, said)
    assert ask(job, id_token(job), certificateSigningRequest=other).is_success
    assert ask(job, id_token(job), publicKeyRequest=proof(key, key, CLAIMS["sub"])).is_success


def proof(key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, subject: str) -> Json:
    """A request for a certificate as cosign sends it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    signature = signer.sign(subject.encode(), ec.ECDSA(hashes.SHA256()))
    return {
        "publicKey": {"algorithm": "ECDSA", "content": pem},
        "proofOfPossession": base64.b64encode(signature).decode(),
    }


def test_the_log_takes_what_is_signed_and_shows_it(attester: Attester) -> None:
    http = attester.job.http
    entries = f"{REKOR}/api/v1/log/entries"
    for body in (b"[]", b"{}", b'{"kind": "dsse", "apiVersion": "0.0.1", "spec": {}}', b'{"kind": "hashedrekord"}'):
        assert http.post(entries, content=body).status_code == 400
    (entry,) = attester.forger.attest(Form())["verification_material"]["transparency_entries"]
    body = json.loads(base64.b64decode(entry["canonicalizedBody"]))
    assert http.post(entries, json=body).status_code == 400
    assert http.post(f"{REKOR}/api/v1/timestamp", json={}).status_code == 403
    for answer in (http.get(entries, params={"logIndex": 0}), http.post(f"{entries}/retrieve", json={})):
        assert answer.status_code == 502  # offline: the real log is not asked


def test_other_logs_below_the_public_ones_are_closed(rig: Rig) -> None:
    answer = rig.job().http.post("https://log2025-1.rekor.sigstore.dev/api/v2/log/entries", json={})
    assert answer.status_code == 501
    assert "nothing was sent to the real host" in answer.text


def test_a_verifier_that_cannot_work_says_so() -> None:
    verification = Verification({"trustedRoot": {}, "signingConfig": {}})
    attested = Attested(
        filename="a", sha256="", attestations="[]", repository=REPOSITORY, workflow="w.yml", environment=None
    )
    with pytest.raises(ProcessError, match="The verifier of attestations ended: "):
        verification.provenance(attested)
    verification.close()


def test_the_root_is_kept_and_a_broken_one_refused(tmp_path: Path) -> None:
    root = TrustRoot.load(tmp_path)
    assert TrustRoot.load(tmp_path).client_config == root.client_config
    assert (tmp_path / "signing.pem").stat().st_mode & 0o77 == 0
    (tmp_path / "signing.pem").write_text("no key")
    with pytest.raises(TwinError, match="Cannot read pysim's signing keys"):
        TrustRoot.load(tmp_path)

"""actions/attest and the two actions around it, in a job of real twins.

Sigstore's own library verifies what they sign.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from simulator.engines.gh_downloads import find_or_fetch_gh
from simulator.run_events import FindingRaised
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.sigstore.root import TrustRoot
from tests.actions.driving import Driver, Outcome, job_environment
from tests.twins.driving import REPOSITORY, Job, Rig, Start

ATTEST, PROVENANCE, SBOM = "actions/attest", "actions/attest-build-provenance", "actions/attest-sbom"
WORKFLOW = f"https://github.com/{REPOSITORY}/.github/workflows/pypi.yml@refs/tags/v0.1.0"
SLSA = "https://slsa.dev/provenance/v1"
MAY = {"attestations": "write", "contents": "read"}
SPDX = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "demo"}
CYCLONE = {"bomFormat": "CycloneDX", "serialNumber": "urn:uuid:1", "specVersion": "1.6"}
pytestmark = pytest.mark.clients


@dataclass(kw_only=True)
class World:
    """A job that attests, with two distributions, and what GitHub's stand-in has then."""

    rig: Rig
    root: Path
    permissions: Mapping[str, str] = field(default_factory=lambda: MAY)
    id_token: bool = True
    visibility: str = "public"

    def __post_init__(self) -> None:
        self.job: Job = self.rig.job("job", permissions=self.permissions, id_token=self.id_token)
        event = self.root / "event.json"
        event.write_text(json.dumps({"repository": {"visibility": self.visibility}}))
        base = {**job_environment(self.job), "GITHUB_EVENT_PATH": str(event)}
        self.driver = Driver(root=self.root / "driven", base=base)
        for name in ("demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"):
            self.write(f"dist/{name}", f"content of {name}")

    def write(self, name: str, text: str) -> str:
        """Write a file; its SHA-256."""
        path = self.driver.workspace / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return hashlib.sha256(text.encode()).hexdigest()

    def run(self, uses: str, **inputs: str) -> Outcome:
        return self.driver.run(uses, {name.replace("_", "-"): value for name, value in inputs.items()})

    def digest(self, name: str) -> str:
        return hashlib.sha256((self.driver.workspace / "dist" / name).read_bytes()).hexdigest()

    def verified(self, done: Outcome) -> list[dict[str, Any]]:
        """The statements in the file that the step names, each verified under pysim's root as the workflow's own."""
        assert done.code == 0, done.log
        root = TrustRoot.load(self.rig.settings.authority)
        trusted = self.root / "trusted-root.json"
        trusted.write_text(json.dumps(root.trusted_root))
        verifier = Verifier(trusted_root=TrustedRoot.from_file(str(trusted)))
        policy = Identity(identity=WORKFLOW, issuer="https://token.actions.githubusercontent.com")
        lines = Path(done.outputs["bundle-path"]).read_text().splitlines()
        found = [verifier.verify_dsse(Bundle.from_json(line), policy) for line in lines]
        assert {kind for kind, _ in found} == {"application/vnd.in-toto+json"}
        return [json.loads(statement) for _, statement in found]

    def stored(self, digest: str, *, of: str = f"repos/{REPOSITORY}", kind: str = "") -> Any:
        query = f"?predicate_type={kind}" if kind else ""
        url = f"https://api.github.com/{of}/attestations/sha256:{digest}{query}"
        return self.job.http.get(url, headers={"authorization": "token ghs_job"})


@pytest.fixture
def world(rig: Rig, tmp_path: Path) -> World:
    return World(rig=rig, root=tmp_path)


@pytest.mark.parametrize("uses", [f"{PROVENANCE}@v2", f"{PROVENANCE}@v3", f"{PROVENANCE}@v4", f"{ATTEST}@v4"])
def test_the_provenance_of_distributions(world: World, uses: str) -> None:
    done = world.run(uses, subject_path="dist/*")
    (statement,) = world.verified(done)
    names = ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
    assert statement["subject"] == [{"name": name, "digest": {"sha256": world.digest(name)}} for name in names]
    assert (statement["_type"], statement["predicateType"]) == ("https://in-toto.io/Statement/v1", SLSA)
    build, run = statement["predicate"]["buildDefinition"], statement["predicate"]["runDetails"]
    assert build["buildType"] == "https://actions.github.io/buildtypes/workflow/v1"
    assert build["externalParameters"]["workflow"] == {
        "ref": "refs/tags/v0.1.0",
        "repository": f"https://github.com/{REPOSITORY}",
        "path": ".github/workflows/pypi.yml",
    }
    assert build["internalParameters"]["github"]["repository_owner_id"] == "65"
    assert build["resolvedDependencies"][0]["digest"] == {"gitCommit": "a" * 40}
    assert run["builder"] == {"id": WORKFLOW}
    assert run["metadata"] == {"invocationId": f"https://github.com/{REPOSITORY}/actions/runs/77/attempts/1"}
    page = f"https://github.com/{REPOSITORY}/attestations/{done.outputs['attestation-id']}"
    assert done.outputs["attestation-url"] == page
    assert Path(done.outputs["bundle-path"]).name == "attestation.json"
    assert (world.driver.temp / "created_attestation_paths.txt").read_text() == f"{done.outputs['bundle-path']}\n"
    assert done.summary == f'<h3>Attestation Created</h3>\n<ul><li><a href="{page}">{page}</a></li></ul>\n'
    assert "Attestation created for 2 subjects" in done.lines
    assert "Attestation signature uploaded to Rekor transparency log" in done.lines
    assert done.lines[-1] == page
    assert ("Attestation type: Build Provenance" in done.lines) == uses.endswith("v4")


def test_it_is_found_by_what_it_is_of(world: World) -> None:
    done = world.run(f"{PROVENANCE}@v3", subject_path="dist/*.whl", show_summary="false")
    assert (done.code, done.summary) == (0, ""), done.log
    digest = world.digest("demo-1.0-py3-none-any.whl")
    for of in (f"repos/{REPOSITORY}", "orgs/octo", "users/Octo"):
        (found,) = world.stored(digest, of=of).json()["attestations"]
        assert found["bundle"] == json.loads(Path(done.outputs["bundle-path"]).read_text())
    assert f"Attestation created for demo-1.0-py3-none-any.whl@sha256:{digest}" in done.lines
    kinds = {kind: len(world.stored(digest, kind=kind).json()["attestations"]) for kind in ("provenance", "sbom", SLSA)}
    assert kinds == {"provenance": 1, "sbom": 0, SLSA: 1}
    assert world.stored("0" * 64).status_code == 501


@pytest.mark.parametrize("ref", ["v1", "v1.4.3", "1c608d11d69870c2092266b3f9a6f3abbf17002c"])
def test_the_first_version_signs_every_file_for_itself(world: World, ref: str) -> None:
    done = world.run(f"{PROVENANCE}@{ref}", subject_path="dist/*.whl, dist/*.gz")
    assert [len(statement["subject"]) for statement in world.verified(done)] == [1, 1]
    assert Path(done.outputs["bundle-path"]).name == "attestation.jsonl"
    assert set(done.outputs) == {"bundle-path"}
    assert done.summary.startswith("<h3>Attestations Created</h3>\n<ul><li><a href=")


def test_files_by_lists_of_patterns(world: World) -> None:
    for name in ("docs/a.txt", "docs/b.txt", "docs/.c"):
        world.write(name, name)
    done = world.run(f"{PROVENANCE}@v3", subject_path='docs, dist/*.whl\n!docs/b.txt\n\n"dist/demo-1.0.tar.gz"')
    (statement,) = world.verified(done)
    assert [each["name"] for each in statement["subject"]] == [
        ".c",
        "a.txt",
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
    ]


def test_the_same_file_twice_counts_once(world: World) -> None:
    world.write("docs/demo-1.0.tar.gz", "content of demo-1.0.tar.gz")
    (statement,) = world.verified(world.run(f"{ATTEST}@v4", subject_path="**/*.tar.gz"))
    assert len(statement["subject"]) == 1


def test_a_digest_with_a_name(world: World) -> None:
    done = world.run(f"{PROVENANCE}@v4", subject_digest=f"sha256:{'a' * 64}", subject_name="ghcr.io/Octo/demo")
    (statement,) = world.verified(done)
    assert statement["subject"] == [{"name": "ghcr.io/Octo/demo", "digest": {"sha256": "a" * 64}}]


@pytest.mark.parametrize("in_file", [True, False])
def test_checksums(world: World, in_file: bool) -> None:
    lines = f"{'a' * 64}  one.whl\n{'b' * 128} *two.tar.gz\nnothing\n"
    world.write("SHA256SUMS", lines)
    done = world.run(f"{ATTEST}@v4", subject_checksums="SHA256SUMS" if in_file else lines)
    (statement,) = world.verified(done)
    assert statement["subject"] == [
        {"name": "one.whl", "digest": {"sha256": "a" * 64}},
        {"name": "two.tar.gz", "digest": {"sha512": "b" * 128}},
    ]


@pytest.mark.parametrize("uses", [f"{ATTEST}@v4", f"{SBOM}@v3", f"{SBOM}@v4"])
@pytest.mark.parametrize(
    ("document", "kind"), [(SPDX, "https://spdx.dev/Document/v2.3"), (CYCLONE, "https://cyclonedx.org/bom")]
)
def test_an_sbom(world: World, uses: str, document: Mapping[str, str], kind: str) -> None:
    world.write("sbom.json", json.dumps(document))
    done = world.run(uses, subject_path="dist/*.whl", sbom_path="sbom.json")
    (statement,) = world.verified(done)
    assert (statement["predicateType"], statement["predicate"]) == (kind, document)
    deprecated = "actions/attest-sbom has been deprecated, please use actions/attest instead"
    assert (deprecated in done.said("warning")) == (uses == f"{SBOM}@v4")


@pytest.mark.parametrize("ref", ["v1", "v2", "v3", "v4"])
def test_a_predicate_of_the_workflow(world: World, ref: str) -> None:
    world.write("predicate.json", '{"passed": true}')
    given = {"subject_path": "dist/*.whl", "predicate_type": "https://example.com/tests/v1"}
    (statement,) = world.verified(world.run(f"{ATTEST}@{ref}", predicate='{"passed": true}', **given))
    (other,) = world.verified(world.run(f"{ATTEST}@{ref}", predicate_path="predicate.json", **given))
    assert statement == other
    assert (statement["predicateType"], statement["predicate"]) == ("https://example.com/tests/v1", {"passed": True})


WHEEL = {"subject_path": "dist/*.whl"}


@pytest.mark.parametrize(
    ("uses", "inputs", "error"),
    [
        (f"{PROVENANCE}@v3", {"subject_path": "out/*"}, "Could not find subject at path out/*"),
        (f"{PROVENANCE}@v3", {}, "One of subject-path, subject-digest, or subject-checksums must be provided"),
        (f"{PROVENANCE}@v1", {}, "One of subject-path or subject-digest must be provided"),
        (
            f"{PROVENANCE}@v4",
            {**WHEEL, "subject_digest": "sha256:1"},
            "Only one of subject-path, subject-digest, or subject-checksums may be provided",
        ),
        (
            f"{PROVENANCE}@v4",
            {"subject_digest": f"sha256:{'a' * 64}"},
            "subject-name must be provided when using subject-digest",
        ),
        (
            f"{PROVENANCE}@v4",
            {"subject_digest": f"sha512:{'a' * 128}", "subject_name": "x"},
            'subject-digest must be in the format "sha256:<hex-digest>"',
        ),
        (
            f"{ATTEST}@v4",
            {"subject_digest": f"sha512:{'a' * 64}", "subject_name": "x"},
            'subject-digest has invalid length for algorithm "sha512" (expected 128, got 64)',
        ),
        (f"{ATTEST}@v4", {"subject_checksums": "nowhere.txt with text"}, "Invalid digest: nowhere.txt"),
        (f"{ATTEST}@v3", WHEEL, "predicate-type must be provided"),
        (
            f"{ATTEST}@v3",
            {**WHEEL, "predicate_type": "https://example.com/x"},
            "One of predicate-path or predicate must be provided",
        ),
        (
            f"{ATTEST}@v4",
            {**WHEEL, "predicate": "{}"},
            "predicate-type is required when using predicate or predicate-path",
        ),
        (
            f"{ATTEST}@v4",
            {**WHEEL, "predicate_type": "https://example.com/x", "predicate_path": "no.json"},
            "predicate file not found: no.json",
        ),
        (f"{ATTEST}@v4", {**WHEEL, "sbom_path": "no.json"}, "SBOM file not found"),
        (
            f"{ATTEST}@v4",
            {**WHEEL, "sbom_path": "dist/other.json"},
            "Unsupported SBOM format. Must be valid SPDX or CycloneDX JSON.",
        ),
    ],
)
def test_what_the_inputs_lack(world: World, uses: str, inputs: Mapping[str, str], error: str) -> None:
    world.write("dist/other.json", "{}")
    done = world.run(uses, **inputs)
    assert (done.code, done.said("error")) == (1, [f"Error: {error}"])
    assert "bundle-path" not in done.outputs


def test_more_files_than_it_takes(world: World) -> None:
    for number in range(1025):
        world.write(f"many/{number}", str(number))
    done = world.run(f"{PROVENANCE}@v4", subject_path="many/*")
    said = "Error: Too many subjects specified (>1024). The maximum number of subjects is 1024."
    assert (done.code, done.said("error")) == (1, [said])


@pytest.mark.parametrize(
    ("uses", "error"),
    [
        (
            f"{PROVENANCE}@v4",
            'Error: missing "id-token" permission. Please add "permissions: id-token: write" to your workflow.',
        ),
        (
            f"{PROVENANCE}@v3",
            "Failed to get ID token: Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable",
        ),
    ],
)
def test_a_job_without_an_id_token(rig: Rig, tmp_path: Path, uses: str, error: str) -> None:
    done = World(rig=rig, root=tmp_path, id_token=False).run(uses, subject_path="dist/*")
    assert (done.code, done.said("error")) == (1, [error])


def test_a_job_that_may_not_store_attestations(rig: Rig, tmp_path: Path) -> None:
    world = World(rig=rig, root=tmp_path, permissions={"contents": "read"})
    done = world.run(f"{PROVENANCE}@v3", subject_path="dist/*")
    page = "https://docs.github.com/rest/repos/attestations#create-an-attestation"
    said = f"Error: Failed to persist attestation: Resource not accessible by integration - {page}"
    assert (done.code, done.said("error")) == (1, [said])
    (finding,) = [event.finding for event in rig.seen(FindingRaised)]
    assert (finding.code, "`attestations: write`" in finding.message) == ("token-permission", True)


def test_a_private_repository(start: Start, tmp_path: Path) -> None:
    rig = start(facts=RepositoryFacts(visibility="private"))
    world = World(rig=rig, root=tmp_path, visibility="private")
    done = world.run(f"{PROVENANCE}@v3", subject_path="dist/*")
    assert done.code == 0, done.log
    assert "Attestation signed using certificate from GitHub Sigstore instance" in done.log
    assert "Rekor" not in done.log
    (finding,) = [event.finding for event in rig.seen(FindingRaised)]
    assert (finding.code, finding.unrehearsed) == ("github-api-not-rehearsed", ("job",))
    assert "Enterprise Cloud" in finding.message


def test_what_is_no_bundle_is_not_stored(world: World) -> None:
    url, headers = f"https://api.github.com/repos/{REPOSITORY}/attestations", {"authorization": "token ghs_job"}
    for sent in ({}, {"bundle": {"dsseEnvelope": {"payload": "e30="}}}, {"bundle": {"dsseEnvelope": 1}}):
        assert world.job.http.post(url, headers=headers, json=sent).status_code == 422


@pytest.mark.network
@pytest.mark.parametrize("flags", [["--repo", REPOSITORY], ["--owner", "octo"]])
def test_githubs_own_program_verifies_what_is_stored(world: World, flags: Sequence[str]) -> None:
    gh = find_or_fetch_gh()
    if gh is None:
        pytest.skip("there is no gh")
    done = world.run(f"{PROVENANCE}@v3", subject_path="dist/*")
    assert done.code == 0, done.log
    root = world.root / "trusted-root.jsonl"
    root.write_text(json.dumps(TrustRoot.load(world.rig.settings.authority).trusted_root) + "\n")
    env = {"GH_TOKEN": "ghs_job", "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
    options = ["--custom-trusted-root", str(root), "--format", "json"]
    words = [str(gh), "attestation", "verify", *flags, *options]
    wheel, other = world.driver.workspace / "dist/demo-1.0-py3-none-any.whl", world.root / "other.whl"
    verified = world.job.run(*words, wheel, env=env)
    assert verified.returncode == 0, verified.stderr
    (found,) = json.loads(verified.stdout)
    assert found["verificationResult"]["statement"]["predicateType"] == SLSA
    other.write_text("other bytes")
    assert world.job.run(*words, other, env=env).returncode == 1

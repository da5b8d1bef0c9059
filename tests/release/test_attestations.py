"""Releases with attestations, from the publishing action's default on."""

from __future__ import annotations

import base64
import json

import pytest

from simulator.twins.pypi.store import Store
from tests.release.driving import WORKFLOW, Rehearsed, Repository

STEP = "- uses: pypa/gh-action-pypi-publish@release/v1"


def uploads(done: Rehearsed) -> list[tuple[int, bool]]:
    return [(event["status"], event["attested"]) for event in done.events if event["type"] == "file-uploaded"]


def test_a_release_is_attested_and_verified_offline(tiny_on: Repository) -> None:
    done = tiny_on.rehearse("--offline")
    assert (done.code, done.verdict) == (0, "go"), done.error or done.summary
    assert uploads(done) == [(200, True), (200, True)]
    assert [file["attested"] for release in done.summary["published"] for file in release["files"]] == [True, True]
    log = done.log("publish")
    assert "Generating ephemeral keys..." in log
    assert "Successfully verified SCT..." in log
    signing = [asked for asked in done.requests if asked["twin"] == "sigstore" and asked["method"] == "POST"]
    assert [(asked["path"], asked["status"]) for asked in signing] == [
        ("/api/v2/signingCert", 200),
        *[("/api/v1/log/entries", 201)] * 2,
    ]
    with Store(done.folder / "index" / "pypi").reading() as catalogue:
        for event in done.events:
            if event["type"] == "file-uploaded":
                provenance = catalogue.provenance(event["filename"])
                assert provenance is not None
                (bundle,) = provenance["attestation_bundles"]
                assert (bundle["publisher"]["workflow"], bundle["publisher"]["environment"]) == ("pypi.yml", "pypi")
                assert event["sha256"] in json.dumps(statements(bundle))


def statements(bundle: dict[str, list[dict[str, dict[str, str]]]]) -> list[object]:
    return [json.loads(base64.b64decode(each["envelope"]["statement"])) for each in bundle["attestations"]]


@pytest.mark.local
def test_a_release_without_attestations(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, (STEP, f"{STEP}\n        with: {{attestations: false}}"))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (0, "go"), done.error or done.summary
    assert uploads(done) == [(200, False), (200, False)]
    assert not any(asked["twin"] == "sigstore" for asked in done.requests)


@pytest.mark.local
def test_an_outage_of_the_certificate_authority(tiny: Repository) -> None:
    done = tiny.rehearse("--fault", "sigstore-down")
    assert (done.code, done.verdict) == (1, "no-go")
    assert uploads(done) == []
    assert "sigstore._internal.fulcio.client.FulcioClientError" in done.log("publish")
    assert list(done.findings) == ["injected-fault"]


@pytest.mark.local
def test_a_second_publishing_step_of_one_job(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, (STEP, f"{STEP}\n      {STEP}"))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (1, "no-go")
    assert uploads(done) == [(200, True), (200, True)]
    (error,) = [
        event["message"] for event in done.events if event["type"] == "annotation" and event["level"] == "error"
    ]
    assert "The following distributions already have publish attestations: * /home/runner/work/" in error


ATTEST = """\
      - uses: actions/attest-build-provenance@v3
        id: attest
        with:
          subject-path: dist/*
      - run: |
          test -s "${{ steps.attest.outputs.bundle-path }}"
          echo "page ${{ steps.attest.outputs.attestation-url }}"
"""
BUILT = "      - run: python backend.py dist\n"
JOB = "  build:\n    runs-on: ubuntu-latest\n"
GRANT = f"{JOB}    permissions: {{contents: read, id-token: write, attestations: write}}\n"


def test_a_job_attests_what_it_built(tiny_on: Repository) -> None:
    tiny_on.edit(WORKFLOW, (BUILT, BUILT + ATTEST), (JOB, GRANT))
    done = tiny_on.rehearse("--offline")
    assert (done.code, done.verdict) == (0, "go"), done.error or done.summary
    assert "Attestation created for 2 subjects" in done.log("build")
    stored = [asked for asked in done.requests if asked["path"].endswith("/attestations")]
    assert [(asked["twin"], asked["status"]) for asked in stored] == [("github-api", 201)]
    (page,) = [line for line in done.log("build").splitlines() if line.startswith("page https://github.com/")]
    assert page.rpartition("/")[2].isdecimal()


CHECK = """\
  check:
    needs: [build, publish]
    runs-on: ubuntu-latest
    permissions: {contents: read, attestations: read}
    env: {GH_TOKEN: '${{ github.token }}'}
    steps:
      - uses: actions/download-artifact@v4
        with: {name: dist, path: dist}
      - name: all are attested
        run: for file in dist/*; do gh attestation verify "$file" --repo "$GITHUB_REPOSITORY" --format json; done
      - name: and nothing else
        run: |
          echo changed >> dist/tinytool-0.1.0.tar.gz
          if gh attestation verify dist/tinytool-0.1.0.tar.gz --repo "$GITHUB_REPOSITORY"; then exit 1; fi
          signer=octo/other/.github/workflows/x.yml
          if gh attestation verify dist/*.whl --repo "$GITHUB_REPOSITORY" --signer-workflow $signer; then exit 1; fi
"""


def test_a_later_job_verifies_with_gh_what_was_attested(tiny_on: Repository) -> None:
    tiny_on.edit(WORKFLOW, (BUILT, BUILT + ATTEST), (JOB, GRANT))
    tiny_on.write(WORKFLOW, (tiny_on.root / WORKFLOW).read_text() + CHECK)
    done = tiny_on.rehearse()
    assert (done.code, done.verdict) == (0, "go"), done.error or done.summary
    assert done.log("check").count('"verificationResult":') == 2
    assert "https://slsa.dev/provenance/v1" in done.log("check")
    notes = [event["message"] for event in done.events if event["type"] == "notice"]
    assert any("is given pysim's own root of trust" in note for note in notes)


@pytest.mark.local
def test_a_job_that_may_not_attest(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, (BUILT, BUILT + ATTEST), (JOB, GRANT.replace(", attestations: write", "")))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (1, "no-go")
    assert not any(event["type"] == "job-started" for event in done.events)
    assert list(done.findings) == ["missing-signing-permission"]
    done = tiny.rehearse("--accept", "missing-signing-permission")
    assert (done.code, done.verdict) == (1, "no-go")
    assert "its token lacks `attestations: write`" in done.findings["token-permission"]


@pytest.mark.local
def test_attesting_while_the_certificate_authority_is_down(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, (BUILT, BUILT + ATTEST), (JOB, GRANT))
    done = tiny.rehearse("--fault", "sigstore-down")
    assert (done.code, done.verdict) == (1, "no-go")
    assert "InternalError: error creating signing certificate - (502) " in done.log("build")
    assert list(done.findings) == ["injected-fault"]


@pytest.mark.local
def test_an_attestation_that_would_be_pushed_to_a_registry(tiny: Repository) -> None:
    pushed = ATTEST.partition("      - run")[0] + "          push-to-registry: true\n"
    tiny.edit(WORKFLOW, (BUILT, BUILT + pushed), (JOB, GRANT))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (6, "not-rehearsed")
    assert "pushes an attestation to a registry" in done.findings["writes-outside"]


SIGN = """\
      - uses: sigstore/gh-action-sigstore-python@v3.0.0
        with:
          inputs: ./dist/*.tar.gz ./dist/*.whl
          upload-signing-artifacts: true
          verify: true
          verify-cert-identity: https://github.com/${{ github.workflow_ref }}
          verify-oidc-issuer: https://token.actions.githubusercontent.com
      - run: rm dist/*.sigstore.json
"""


def test_a_job_signs_what_it_built(tiny_on: Repository) -> None:
    tiny_on.edit(WORKFLOW, (BUILT, BUILT + SIGN), (JOB, GRANT))
    done = tiny_on.rehearse("--offline")
    assert (done.code, done.verdict) == (0, "go"), done.error or done.summary
    assert done.log("build").count("OK: ") == 2
    stored = [event["name"] for event in done.events if event["type"] == "artifact-stored"]
    assert stored == ["signing-artifacts-build", "dist"]


@pytest.mark.local
def test_signatures_that_are_left_beside_the_distributions(tiny: Repository) -> None:
    left = SIGN.replace("      - run: rm dist/*.sigstore.json\n", "")
    tiny.edit(WORKFLOW, (BUILT, BUILT + left), (JOB, GRANT))
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (1, "no-go")
    assert list(done.findings) == ["invalid-distribution"]
    assert "Unknown distribution format:" in done.log("publish")

"""Environments: what they keep out, who is asked, and what a job gets of them."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Rehearsed, Repository

REVIEWED = """
[environments.pypi]
tags = ["v*"]
reviewers = ["ada", "octo/release"]
wait-timer = 30
secrets = ["SIGNATURE"]
variables = { REGION = "eu-1" }
"""


def gates(done: Rehearsed) -> list[str]:
    return [event["reason"] for event in done.events if event["type"] == "gate-evaluated"]


SHOWN = """\
    steps:
      - run: echo "in ${{ vars.REGION }}, ${#SIGNATURE} characters"
        env: {SIGNATURE: '${{ secrets.SIGNATURE }}'}
"""
HIDDEN = """\
      - run: echo "no '${{ vars.REGION }}${{ secrets.SIGNATURE }}'"
"""


@pytest.fixture
def reviewed(tiny: Repository) -> Repository:
    """A repository whose environment wants a review, and whose jobs tell what they get from there."""
    tiny.write("pysim.toml", REVIEWED)
    tiny.write(".secrets", "SIGNATURE=quite-secret\n")
    first, build = "    steps:\n      - uses: actions/download", "      - run: python backend.py"
    tiny.edit(WORKFLOW, (first, first.replace("    steps:\n", SHOWN)), (build, HIDDEN + build))
    return tiny


@pytest.mark.local
def test_nobody_is_there_to_review(reviewed: Repository) -> None:
    done = reviewed.rehearse()
    assert (done.code, done.verdict) == (77, "paused")
    assert done.conclusions == {"build": "success", "publish": "skipped"}
    assert gates(done) == ["The deployment to pypi waits for a review by ada or octo/release."]
    assert "--approve pypi or --reject pypi" in done.findings["deployment-waiting"]
    assert "in eu-1" not in done.log("publish")


@pytest.mark.local
def test_an_approved_deployment_gets_variables_and_secrets(reviewed: Repository) -> None:
    done = reviewed.rehearse("--approve", "pypi")
    assert done.conclusions == {"build": "success", "publish": "success"}
    assert gates(done) == ["approved by --approve; tag v0.1.0 matches v*; GitHub would wait 30 min first"]
    assert "in eu-1, 12 characters" in done.log("publish")
    assert "no ''" in done.log("build")
    assert "deployment-waiting" not in done.findings


@pytest.mark.local
def test_a_rejected_deployment(reviewed: Repository) -> None:
    done = reviewed.rehearse("--reject", "PyPI")
    assert (done.code, done.verdict) == (5, "no-go")
    assert done.conclusions["publish"] == "failure"
    assert gates(done) == ["The deployment was rejected or didn't satisfy other protection rules."]
    assert list(done.findings) == ["deployment-refused"]


@pytest.mark.local
def test_what_nobody_declares_protects_nothing(tiny: Repository) -> None:
    (tiny.root / "pysim.toml").unlink()
    done = tiny.rehearse()
    assert done.conclusions["publish"] == "success"
    assert list(done.findings) == ["environment-unprotected"]
    (finding,) = done.summary["findings"]
    assert (finding["severity"], finding["where"].partition(":")[0]) == ("warning", str(WORKFLOW))


@pytest.mark.local
def test_a_publisher_that_names_no_environment_is_not_guarded_by_one(tiny: Repository) -> None:
    publisher = '[[publishers]]\nproject = "tinytool"\nrepository = "octo/tinytool"\nworkflow = "pypi.yml"\n'
    tiny.write("pysim.toml", f'[repository]\nowner = "octo"\nname = "tinytool"\n{publisher}[environments.pypi]\n')
    done = tiny.rehearse()
    assert done.conclusions["publish"] == "success"
    assert list(done.findings) == ["publisher-without-environment"]


def test_nothing_runs_for_an_answer_that_nobody_waits_for(tiny: Repository) -> None:
    done = tiny.rehearse("--approve", "pypi")
    assert done.code == 2
    assert "no reviewer is declared" in done.error

"""Environments: what they keep out, who is asked, and what a job gets of them."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Rehearsed, Repository
from tests.release.terminal import at_terminal

REVIEWED = """
[environments.pypi]
tags = ["v*"]
reviewers = ["ada", "octo/release"]
wait-timer = 30
secrets = ["SIGNATURE"]
variables = { REGION = "eu-1" }
url = "https://example.org/deployments"
"""
QUESTION = "The deployment to pypi waits for a review by ada or octo/release. Approve it? [y/n] "
REJECTED = "The deployment was rejected or didn't satisfy other protection rules."


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
    assert "approve or reject the deployment beforehand" in done.findings["deployment-waiting"]
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
    assert gates(done) == [REJECTED]
    assert list(done.findings) == ["secret-empty", "deployment-refused"]  # the first job is in no environment


@pytest.mark.local
def test_what_nobody_declares_protects_nothing(tiny: Repository) -> None:
    (tiny.root / "pysim.toml").unlink()
    done = tiny.rehearse()
    assert done.conclusions["publish"] == "success"
    assert list(done.findings) == ["environment-unprotected"]
    (finding,) = done.summary["findings"]
    assert (finding["severity"], finding["where"].partition(":")[0]) == ("notice", str(WORKFLOW))


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
    assert "No reviewer of the environment pypi is declared" in done.error


# ---- a job that publishes nothing, so that the gate is all there is

GATED = """\
on: {push: {tags: ['v*']}, workflow_dispatch: {}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: pypi
    if: vars.REGION == 'here' && !vars.ONLY
    env: {INSIDE: '${{ vars.REGION }} ${{ vars.ONLY }}', SIGNATURE: '${{ secrets.SIGNATURE }}'}
    steps:
      - run: echo "in $INSIDE, ${#SIGNATURE} characters"
"""
VARS = """
[vars]
REGION = "here"
"""


@pytest.fixture
def gated(tiny: Repository) -> Repository:
    """A repository whose one job enters a reviewed environment, when the repository's own variables say so."""
    tiny.write(WORKFLOW, GATED)
    tiny.write("pysim.toml", VARS + REVIEWED.replace('REGION = "eu-1"', 'REGION = "eu-1", ONLY = "x"'))
    tiny.write(".secrets", "SIGNATURE=quite-secret\n")
    return tiny


@pytest.mark.local
def test_what_an_environment_holds_is_not_there_before_its_gate(gated: Repository) -> None:
    """A job's condition is evaluated before it enters, so it reads the repository's variables; its steps do not."""
    done = gated.rehearse("--approve", "pypi")
    assert done.conclusions == {"deploy": "success"}, done.error
    assert "in eu-1 x, 12 characters" in done.log("deploy")


NOT_ALLOWED = "is not allowed to deploy to pypi due to environment protection rules."
NOBODY = (
    "Nobody may approve the deployment to pypi: ada starts the run and is its only reviewer, and prevent-self-review "
    "is on."
)
DISPATCH = ("--event", "workflow_dispatch", "--branch", "main")


@pytest.mark.local
@pytest.mark.parametrize(
    ("rules", "arguments", "reason"),
    [
        ('tags = ["release-*"]', (), f'Tag "v0.1.0" {NOT_ALLOWED}'),
        ('tags = ["v*"]', DISPATCH, f'Branch "main" {NOT_ALLOWED}'),
        ("protected-branches = true", (), f'Tag "v0.1.0" {NOT_ALLOWED}'),
        (
            'reviewers = ["ada"]\nprevent-self-review = true',
            ("--approve", "pypi"),
            NOBODY,
        ),
    ],
)
def test_a_deployment_that_the_rules_refuse(
    gated: Repository, rules: str, arguments: tuple[str, ...], reason: str
) -> None:
    gated.write("pysim.toml", f'{VARS}[run]\nactor = "ada"\n[environments.pypi]\n{rules}\n')
    done = gated.rehearse(*arguments)
    assert (done.code, done.verdict) == (5, "no-go"), done.error
    assert gates(done) == [reason]
    assert "[environments.pypi] in pysim.toml" in done.findings["deployment-refused"]


@pytest.mark.local
def test_the_configuration_may_lie_in_the_project_file(gated: Repository) -> None:
    (gated.root / "pysim.toml").unlink()
    with (gated.root / "pyproject.toml").open("a") as file:
        file.write('[tool.pysim.vars]\nREGION = "here"\n[tool.pysim.environments.pypi]\ntags = ["release-*"]\n')
    done = gated.rehearse()
    assert done.code == 5
    assert "[tool.pysim.environments.pypi] in pyproject.toml" in done.findings["deployment-refused"]


# ---- at a terminal


@pytest.mark.local
def test_a_reviewer_is_asked(gated: Repository) -> None:
    answers = [(QUESTION, "perhaps\n"), (QUESTION, "y\n"), ("Who are you? [ada] ", "octo/release\n")]
    session = at_terminal(gated, "--tag", "v0.1.0", answers=[*answers, ("Comment (may be empty): ", "ship it\n")])
    assert "ok deploy" in session.words, session.shown
    reason = "approved by octo/release: ship it; tag v0.1.0 matches v*; GitHub would wait 30 min first"
    assert f"Environment ok pypi {reason}; https://example.org/deployments" in session.words


@pytest.mark.local
def test_a_reviewer_says_no(gated: Repository) -> None:
    answers = [(QUESTION, "n\n"), ("Who are you? [ada] ", "\n"), ("Comment (may be empty): ", "not on a Friday\n")]
    session = at_terminal(gated, "--tag", "v0.1.0", answers=answers)
    assert session.code == 5, session.shown
    assert f"Environment FAIL pypi {REJECTED}" in session.words
    assert "Fix: ada (not on a Friday) rejected the deployment to pypi" in session.words


@pytest.mark.local
@pytest.mark.parametrize(("typed", "code"), [("\x04", 77), ("\x03", 130)])
def test_a_reviewer_goes_away(gated: Repository, typed: str, code: int) -> None:
    session = at_terminal(gated, "--tag", "v0.1.0", answers=[(QUESTION, typed)])
    assert session.code == code, session.shown
    if code == 77:
        assert (
            "Environment wait pypi The deployment to pypi waits for a review by ada or octo/release." in session.words
        )
        assert "approve or reject the deployment beforehand" in session.words


@pytest.mark.local
def test_a_secret_is_asked_for_and_not_shown(gated: Repository) -> None:
    (gated.root / ".secrets").unlink()
    question = "Secret SIGNATURE of the environment pypi (empty: none): "
    arguments = ("--tag", "v0.1.0", "--approve", "pypi", "--ask-secrets", "--plain", "--verbose")
    session = at_terminal(gated, *arguments, answers=[(question, "quite-secret\n")])
    assert "in eu-1 x, 12 characters" in session.words, session.shown
    assert "quite-secret" not in session.shown

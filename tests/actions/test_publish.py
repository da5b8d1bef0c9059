"""gh-action-pypi-publish with real twine and id, against an index that answers as each case wants."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.indexes import indexes
from tests.actions.driving import Driver
from tests.actions.index import AUDIENCE, ID_TOKEN, MINT, UPLOAD, Index, jwt, serve

PUBLISH = "pypa/gh-action-pypi-publish@release/v1"
EXCHANGE = "Trusted publishing exchange failure: "
MAIN = indexes()["pypi"].main_host
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo-dist"
version = "0.1.0"
readme = "README.md"
requires-python = ">=3.11"
"""
pytestmark = pytest.mark.clients


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist, built by the real backend."""
    source = tmp_path_factory.mktemp("demo")
    (source / "pyproject.toml").write_text(PYPROJECT)
    (source / "README.md").write_text("# Demo\n")
    (source / "demo_dist").mkdir()
    (source / "demo_dist/__init__.py").touch()
    command = [sys.executable, "-m", "hatchling", "build"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return source / "dist"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with serve(tmp_path) as running:
        yield running


@pytest.fixture
def job(driver: Driver, index: Index, distributions: Path, tmp_path: Path) -> Driver:
    """A job that may ask for an ID token, with distributions in dist/."""
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(tmp_path / "ca.pem"))
    driver.base = {**trust, **index.grant, "INPUT_REPOSITORY-URL": f"{index.url}/legacy/", "COLUMNS": "200"}
    shutil.copytree(distributions, driver.workspace / "dist")
    return driver


def at(index: Index) -> dict[str, str]:
    return {"repository-url": f"{index.url}/legacy/"}


def test_a_trusted_publisher_uploads_both_distributions(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    assert done.code == 0, done.log
    assert index.requests == [f"GET {AUDIENCE}", f"GET {ID_TOKEN}", f"POST {MINT}", f"POST {UPLOAD}", f"POST {UPLOAD}"]
    assert done.said("add-mask") == ["pypi-minted"]
    assert "pypi-minted" not in done.log.replace("::add-mask::pypi-minted", "")
    assert json.loads(index.bodies[2]) == {"token": jwt()}
    assert b"demo_dist-0.1.0-py3-none-any.whl" in index.bodies[3]
    assert b"demo_dist-0.1.0.tar.gz" in index.bodies[4]
    assert done.summary == ""


def test_the_log_in_the_order_of_the_real_action(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    expected = [
        f"::debug::Authenticating to {index.url}/legacy/ via Trusted Publishing",
        f"::debug::Selected Trusted Publishing Exchange Endpoint: {index.url}{MINT}",
        "Checking dist/demo_dist-0.1.0-py3-none-any.whl: PASSED",
        "Checking dist/demo_dist-0.1.0.tar.gz: PASSED",
        "Showing hash values of files to be uploaded:",
        f"Uploading distributions to {index.url}/legacy/",
        "INFO     username: __token__",
        "INFO     password: <hidden>",
        "Uploading demo_dist-0.1.0-py3-none-any.whl",
        "Uploading demo_dist-0.1.0.tar.gz",
    ]
    lines = iter(done.lines)
    assert all(any(line == want for line in lines) for want in expected), done.log


def test_hashes_can_be_compared(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    content = (job.workspace / "dist/demo_dist-0.1.0.tar.gz").read_bytes()
    start = done.lines.index(str(job.workspace / "dist/demo_dist-0.1.0.tar.gz"))
    assert done.lines[start + 2 : start + 5] == [
        f"SHA256: {hashlib.sha256(content).hexdigest()}",
        f"MD5: {hashlib.md5(content, usedforsecurity=False).hexdigest()}",
        f"BLAKE2-256: {hashlib.blake2b(content, digest_size=32).hexdigest()}",
    ]
    quiet = job.run(PUBLISH, {**at(index), "attestations": "false", "verbose": "false", "print_hash": "false"})
    assert not any(line.startswith("SHA256") for line in quiet.lines)


@pytest.mark.parametrize(
    ("path", "answer", "text"),
    [
        (AUDIENCE, (403, "{}"), "audience retrieval failed: repository at <host> has trusted publishing disabled"),
        (
            AUDIENCE,
            (404, ""),
            "audience retrieval failed: repository at <host> does not indicate trusted publishing support",
        ),
        (
            AUDIENCE,
            (503, ""),
            "audience retrieval failed: repository at <host> responded with unexpected 503: Service Unavailable",
        ),
        (MINT, (503, "<html>"), "Token request failed: the index produced an unexpected\n503 response."),
        (MINT, (200, "{}"), "Token response error: the index gave us an invalid response."),
        (
            ID_TOKEN,
            (500, "no"),
            "OpenID Connect token retrieval failed: GitHub: OIDC token request failed (code=500, body='no')",
        ),
    ],
)
def test_an_exchange_that_fails(job: Driver, index: Index, path: str, answer: tuple[int, str], text: str) -> None:
    index.answers[path] = answer
    done = job.run(PUBLISH, at(index))
    assert done.code == 1
    [error] = done.said("error")
    told = text.replace("<host>", f"localhost:{index.port}")
    assert error.removeprefix(EXCHANGE).strip().startswith(told)
    assert told in done.summary
    assert "You're seeing this because the action wasn't given the inputs needed to" in done.summary
    assert f"POST {UPLOAD}" not in index.requests


def test_a_refused_token_shows_the_reasons_and_the_claims(job: Driver, index: Index) -> None:
    description = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"
    refusal = {"message": "Token request failed", "errors": [{"code": "invalid-publisher", "description": description}]}
    index.answers[MINT] = (422, json.dumps(refusal))
    [error] = job.run(PUBLISH, at(index)).said("error")
    assert error.startswith(
        f"{EXCHANGE}\nToken request failed: the server refused the request for the following reasons:\n\n"
        f"* `invalid-publisher`: {description}\n\nThis generally indicates a trusted publisher configuration error"
    )
    for claim in (
        "* `sub`: `repo:octo/demo:environment:pypi`",
        "* `job_workflow_ref`: `octo/demo/.github/workflows/pypi.yml@refs/tags/v0.1.0`",
        "* `environment`: `MISSING`",
        f"See https://docs.{MAIN}/trusted-publishers/troubleshooting/ for more help.",
    ):
        assert claim in error.splitlines()


def test_without_permission_for_an_id_token(job: Driver, index: Index) -> None:
    job.base = {name: value for name, value in job.base.items() if not name.startswith("ACTIONS_ID_TOKEN")}
    done = job.run(PUBLISH, at(index))
    [error] = done.said("error")
    assert error.startswith(
        f"{EXCHANGE}\nOpenID Connect token retrieval failed: GitHub: missing or insufficient OIDC token permissions, "
        "the ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset\n"
    )
    assert "permissions:\n  id-token: write" in error
    event = job.root / "event.json"
    event.write_text('{"pull_request": {"head": {"repo": {"fork": true}}}}')
    env = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    [error] = job.run(PUBLISH, at(index), env).said("error")
    assert "The workflow context indicates that this action was called from a\npull request on a fork." in error


def test_a_reusable_workflow_is_warned_of(job: Driver, index: Index) -> None:
    called = "octo/demo/.github/workflows/called.yml@refs/tags/v0.1.0"
    index.answers[ID_TOKEN] = (200, json.dumps({"value": jwt(job_workflow_ref=called)}))
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    assert done.code == 0
    [warning] = done.said("warning")
    assert warning.startswith("Potential workflow misconfiguration: \nThe claims in this token suggest that")
    assert f"    {called}" in warning.splitlines()
    assert "Reusable workflows are **not currently supported**" in done.summary


def test_the_exchange_comes_before_any_look_at_the_distributions(job: Driver, index: Index) -> None:
    shutil.rmtree(job.workspace / "dist")
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    assert done.code == 1
    assert index.requests[-1] == f"POST {MINT}"
    [warning] = done.said("warning")
    assert warning.startswith(
        "It looks like there are no Python distribution packages to publish in the directory \"'dist/'\"."
    )
    assert any("MISSING DISTS" in line for line in done.lines if line.startswith("::warning file="))
    assert "ERROR    InvalidDistribution: Cannot find file (or expand pattern): 'dist/*'" in done.log


def test_a_folder_in_dist_is_no_distribution(job: Driver, index: Index) -> None:
    (job.workspace / "dist/artifact").mkdir()
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    assert done.code == 1
    assert "InvalidDistribution: Unknown distribution format: 'artifact'" in done.log
    assert f"POST {UPLOAD}" not in index.requests


def test_a_folder_outside_the_workspace_cannot_be_seen(job: Driver, index: Index) -> None:
    shutil.move(job.workspace / "dist", job.root / "dist")
    done = job.run(PUBLISH, {**at(index), "packages-dir": f"{job.root}/dist", "attestations": "false"})
    assert done.code == 1
    assert "MISSING DISTS" in done.log
    assert done.said("error")[0].startswith(
        "The action runs in a container of its own, which sees the workspace but not"
    )


def test_a_refused_upload_shows_the_index_answer(job: Driver, index: Index) -> None:
    index.answers[UPLOAD] = (400, "File already exists ('demo_dist', with blake2_256 hash 'x').")
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    assert done.code == 1
    assert "File already exists ('demo_dist', with blake2_256 hash 'x')." in done.log
    assert f"HTTPError: 400 Bad Request from {index.url}/legacy/" in done.log
    assert index.requests.count(f"POST {UPLOAD}") == 1


def test_metadata_is_checked_first_unless_not_wanted(job: Driver, index: Index) -> None:
    (job.workspace / "dist/x-1.0.tar.gz").write_bytes(b"no archive")
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    assert done.code == 1
    assert f"POST {UPLOAD}" not in index.requests
    unchecked = job.run(PUBLISH, {**at(index), "attestations": "false", "verify_metadata": "false"})
    assert not any(line.startswith("Checking dist/") for line in unchecked.lines)


def test_a_token_of_ones_own(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index), "password": "secret"})
    assert done.code == 0, done.log
    assert index.requests == [f"POST {UPLOAD}"] * 2
    ignored, elsewhere, odd = done.said("warning")
    assert ignored == (
        "The workflow was run with the 'attestations: true' input, but an explicit password was also set, disabling "
        "Trusted Publishing. As a result, the attestations input is ignored."
    )
    assert "but the specified repository URL does not support PEP 740 attestations." in elsewhere
    assert 'your token value does not start with "pypi-"' in odd
    assert any("POTENTIALLY INVALID TOKEN" in line for line in done.lines)


def on_pypi(index: Index) -> dict[str, str]:
    """An address that the action takes for PyPI's, as it looks for the main host anywhere in it."""
    return {"repository-url": f"{index.url}/legacy/?{MAIN}"}


def test_a_token_on_pypi_gets_a_nudge_with_links(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**on_pypi(index), "password": "pypi-own", "attestations": "false"})
    assert done.code == 0, done.log
    upgrade, create = done.said("warning")
    assert upgrade.startswith("Trusted Publishers allows publishing packages to PyPI from automated environments")
    assert create.splitlines()[-1] == (
        f"- https://{MAIN}/manage/project/demo-dist/settings/publishing/"
        "?provider=github&owner=octo&repository=demo&workflow_filename=pypi.yml"
    )


def test_a_password_on_pypi_ends_the_step(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**on_pypi(index), "user": "octocat", "password": "pw", "attestations": "false"})
    assert done.code == 1
    assert done.said("error")[0].startswith("As of 2024, PyPI requires all users to enable Two-Factor Authentication.")
    assert index.requests == []


def test_attestations_are_not_made_and_it_says_so(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, on_pypi(index))
    assert done.code == 0, done.log
    assert done.said("notice") == [
        "pysim does not rehearse attestations: signing needs a public service. The upload goes out without them."
    ]
    assert index.requests.count(f"POST {UPLOAD}") == 2


def test_a_second_publishing_step_of_a_job_fails_over_the_attestations_of_the_first(job: Driver, index: Index) -> None:
    assert job.run(PUBLISH, on_pypi(index)).code == 0
    done = job.run(PUBLISH, on_pypi(index))
    assert done.code == 1
    [error] = done.said("error")
    wheel = job.workspace / "dist/demo_dist-0.1.0-py3-none-any.whl"
    assert error.startswith(
        "Attestation generation failure: The following distributions already have publish attestations: "
        f"* {wheel} -> {wheel}.publish.attestation\n"
    )
    assert index.requests.count(f"POST {UPLOAD}") == 2
    assert job.run(PUBLISH, {**on_pypi(index), "attestations": "false"}).code == 0


def test_the_default_address_is_pypis_and_inputs_have_two_spellings(job: Driver, index: Index) -> None:
    done = job.run(
        PUBLISH, {"repository_url": f"{index.url}/legacy/", "packages_dir": "dist/", "attestations": "false"}
    )
    assert done.code == 0, done.log
    assert f"Uploading distributions to {index.url}/legacy/" in done.log
    unreachable = job.run(PUBLISH, {"password": "x"}, {"HTTPS_PROXY": "http://localhost:1"})
    assert unreachable.code == 1
    assert (
        f"::debug::Using a user-provided API token for authentication against {indexes()['pypi'].upload_url}"
        in unreachable.log
    )

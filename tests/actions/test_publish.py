"""gh-action-pypi-publish with real twine and id: what the table of test_publish_same_behaviour cannot compare."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.indexes import indexes
from tests.actions.driving import Driver
from tests.actions.index import AUDIENCE, ID_TOKEN, MINT, UPLOAD, Index, jwt, serve
from tests.twins.distributions import metadata, tarred, write_dists, zipped

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


def test_hashes_can_be_compared(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index), "attestations": "false"})
    content = (job.workspace / "dist/demo_dist-0.1.0.tar.gz").read_bytes()
    start = done.lines.index("/github/workspace/dist/demo_dist-0.1.0.tar.gz")
    assert done.lines[start + 2 : start + 5] == [
        f"SHA256: {hashlib.sha256(content).hexdigest()}",
        f"MD5: {hashlib.md5(content, usedforsecurity=False).hexdigest()}",
        f"BLAKE2-256: {hashlib.blake2b(content, digest_size=32).hexdigest()}",
    ]
    quiet = job.run(PUBLISH, {**at(index), "attestations": "false", "verbose": "false", "print_hash": "false"})
    assert not any(line.startswith("SHA256") for line in quiet.lines)


def test_a_folder_outside_the_workspace_cannot_be_seen(job: Driver, index: Index) -> None:
    shutil.move(job.workspace / "dist", job.root / "dist")
    done = job.run(PUBLISH, {**at(index), "packages-dir": f"{job.root}/dist", "attestations": "false"})
    assert done.code == 1
    assert "MISSING DISTS" in done.log
    assert done.said("error")[0].startswith(
        "The action runs in a container of its own, which sees the workspace but not"
    )
    assert "ERROR    InvalidDistribution: Cannot find file (or expand pattern):" in done.log


def test_a_folder_outside_the_workspace_is_not_there_for_the_hashes_either(job: Driver, index: Index) -> None:
    shutil.move(job.workspace / "dist", job.root / "dist")
    (job.workspace / "dist").symlink_to(job.root / "dist")
    done = job.run(PUBLISH, {**at(index), "attestations": "false", "verify-metadata": "false"})
    assert done.code == 1
    assert "FileNotFoundError: [Errno 2] No such file or directory" in done.log
    assert "SHA256" not in done.log


def test_the_folder_may_be_named_in_full(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index), "packages-dir": f"{job.workspace}/dist", "attestations": "false"})
    assert done.code == 0, done.log
    assert "/github/workspace/dist/demo_dist-0.1.0.tar.gz" in done.lines


def test_its_own_action_stays_in_the_workspace(job: Driver, index: Index) -> None:
    assert job.run(PUBLISH, {**at(index), "attestations": "false"}).code == 0
    [left] = (job.workspace / ".github").rglob("action.yml")
    assert left.parent.name == "run-pypi-publish-in-docker-container"


def test_linux_alone(job: Driver, index: Index) -> None:
    done = job.run(PUBLISH, {**at(index)}, {"RUNNER_OS": "macOS"})
    assert (done.code, done.lines) == (1, ["This action is only able to run under GNU/Linux environments"])
    assert index.requests == []


MINT_OF_OLD = "/_/oidc/github/mint-token"
OF_1_8 = "2f6f737ca5f74c637829c0f5c3acd0e29ea5e8bf"


@pytest.fixture
def plain_job(job: Driver) -> Driver:
    """The same with distributions that every release can read."""
    shutil.rmtree(job.workspace / "dist")
    write_dists(job.workspace / "dist")
    return job


@pytest.mark.parametrize(
    ("ref", "mint", "hashes", "attests"),
    [
        ("v1.8.11", MINT_OF_OLD, False, False),
        (OF_1_8, MINT_OF_OLD, False, False),
        ("v1.8.14", MINT, False, False),
        ("v1.10.3", MINT, False, False),
        ("release/v1.10", MINT, False, False),
        ("v1.11.0", MINT, False, True),
        ("v1.13.0", MINT, False, True),
        ("v1.14.0", MINT, True, True),
        ("release/v1", MINT, True, True),
        ("0123456789" * 4, MINT, True, True),
    ],
)
def test_what_older_releases_do(
    plain_job: Driver, index: Index, ref: str, mint: str, hashes: bool, attests: bool
) -> None:
    index.answers[MINT_OF_OLD] = index.answers[MINT]
    done = plain_job.run(f"pypa/gh-action-pypi-publish@{ref}", {**on_pypi(index), "attestations": "false"})
    assert done.code == 0, done.log
    assert f"POST {mint}" in index.requests
    assert ("Showing hash values of files to be uploaded:" in done.lines) is hashes
    done = plain_job.run(f"pypa/gh-action-pypi-publish@{ref}", on_pypi(index))
    assert ("Generating and uploading digital attestations" in done.said("notice")) is attests
    mismatch = (
        "Attestation generation failure: \nOpenID Connect token retrieval failed: Token audience claim mismatch "
        "(expected sigstore, got pypi)\n\nThis failure occurred after a successful Trusted Publishing Flow,\n"
        "suggesting a transient error.\n"
    )
    assert done.said("error") == ([mismatch] if attests else [])


def test_a_release_before_trusted_publishing_uploads_without_a_token(plain_job: Driver, index: Index) -> None:
    index.answers[UPLOAD] = (403, "Invalid or non-existent authentication information.")
    done = plain_job.run("pypa/gh-action-pypi-publish@v1.6.5", {"repository_url": f"{index.url}/legacy/"})
    assert done.code == 1
    assert any("EMPTY TOKEN" in line for line in done.lines)
    assert set(index.requests) == {f"POST {UPLOAD}"}


def with_metadata(version: str, built: Path, source: Path) -> None:
    """Make a wheel and an sdist say that their metadata is of that version."""
    with zipfile.ZipFile(built) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    built.write_bytes(zipped({name: text.replace("ion: 2.1", f"ion: {version}") for name, text in files.items()}))
    told = metadata("demo", "0.1.0").replace("ion: 2.1", f"ion: {version}")
    source.write_bytes(tarred({"demo-0.1.0/PKG-INFO": told, "demo-0.1.0/demo.py": ""}))


@pytest.mark.parametrize(
    ("ref", "version", "known"),
    [
        ("v1.4.2", "2.4", ""),
        ("v1.6.4", "2.3", "2.0, 2.1, 2.2."),
        ("v1.8.14", "2.4", "2.0, 2.1, 2.2, 2.3."),
        ("v1.12.2", "2.4", "2.0, 2.1, 2.2, 2.3."),
        ("v1.12.2", "2.3", ""),
        ("v1.12.3", "2.4", ""),
        ("v1.12.3", "2.5", "2.0, 2.1, 2.2, 2.3, 2.4."),
        ("v1.12.4", "2.4", ""),
        ("release/v1", "2.4", ""),
    ],
)
def test_metadata_that_the_twine_of_an_old_release_cannot_read(
    plain_job: Driver, index: Index, ref: str, version: str, known: str
) -> None:
    with_metadata(version, *write_dists(plain_job.workspace / "dist"))
    inputs = {"repository_url": f"{index.url}/legacy/", "password": "pypi-own", "attestations": "false"}
    done = plain_job.run(f"pypa/gh-action-pypi-publish@{ref}", inputs)
    assert done.code == (1 if known else 0), done.log
    if not known:
        return
    wheels = "Checking dist/demo-0.1.0-py3-none-any.whl: "
    start = done.lines.index(f"{wheels}ERROR    InvalidDistribution: Metadata is missing required fields: Name,")
    assert done.lines[start + 4] == f"         {known}"
    assert index.requests == []
    unchecked = plain_job.run(f"pypa/gh-action-pypi-publish@{ref}", {**inputs, "verify_metadata": "false"})
    assert f"Uploading distributions to {index.url}/legacy/" in unchecked.lines
    assert (unchecked.code, index.requests) == (1, [])


@pytest.mark.parametrize(
    ("ref", "known"),
    [
        ("v1.12.4", False),
        ("v1.14.0", False),
        ("v1.14.1", False),
        ("cef221092ed1bacb1cc03d23a2d87d1d172e277b", False),
        ("v1.14.2", True),
        ("dc37677b2e1c63e2034f94d8a5b11f265b73ba33", True),
        ("release/v1", True),
        ("release/v1.13", False),
    ],
)
def test_metadata_of_today_and_a_release_whose_packaging_is_older(
    plain_job: Driver, index: Index, ref: str, known: bool
) -> None:
    with_metadata("2.5", *write_dists(plain_job.workspace / "dist"))
    inputs = {"repository_url": f"{index.url}/legacy/", "password": "pypi-own", "attestations": "false"}
    done = plain_job.run(f"pypa/gh-action-pypi-publish@{ref}", inputs)
    assert done.code == (0 if known else 1), done.log
    if not known:
        said = "ERROR    InvalidDistribution: Invalid distribution metadata: '2.5' is not a"
        start = done.lines.index(f"Checking dist/demo-0.1.0-py3-none-any.whl: {said}")
        assert done.lines[start + 1].strip() == "valid metadata version"
        assert index.requests == []


@pytest.mark.parametrize("tag_object", ["6733eb7d741f0b11ec6a39b58540dab7590f9b7d", "7f25271a4" + 31 * "0"])
def test_a_pin_that_no_image_is_named_after(plain_job: Driver, index: Index, tag_object: str) -> None:
    write_dists(plain_job.workspace / "dist")
    done = plain_job.run(f"pypa/gh-action-pypi-publish@{tag_object}", {**at(index), "password": "pypi-own"})
    assert done.code == 1
    assert f"Unable to find image 'ghcr.io/pypa/gh-action-pypi-publish:{tag_object}' locally" in done.lines
    assert "docker: Error response from daemon: manifest unknown" in done.lines
    assert index.requests == []


def test_inputs_that_an_old_release_does_not_know(plain_job: Driver, index: Index) -> None:
    inputs = {**at(index), "attestations": "true", "password": "pypi-own"}
    done = plain_job.run("pypa/gh-action-pypi-publish@v1.5.1", inputs, {"HTTPS_PROXY": "http://localhost:1"})
    assert done.said("warning")[0].startswith(
        "Unexpected input(s) 'repository-url', 'attestations', valid inputs are ["
    )
    assert done.code == 1
    assert f"against {indexes()['pypi'].upload_url}" in done.log
    newer = plain_job.run("pypa/gh-action-pypi-publish@v1.8.14", inputs)
    assert newer.said("warning")[0].startswith("Unexpected input(s) 'attestations', valid inputs are [")
    assert newer.code == 0


def on_pypi(index: Index) -> dict[str, str]:
    """An address that the action takes for PyPI's, as it looks for the main host anywhere in it."""
    return {"repository-url": f"{index.url}/legacy/?{MAIN}"}


def test_a_second_publishing_step_of_a_job_fails_over_the_attestations_of_the_first(job: Driver, index: Index) -> None:
    wheel = job.workspace / "dist/demo_dist-0.1.0-py3-none-any.whl"
    Path(f"{wheel}.publish.attestation").write_text("{}")
    done = job.run(PUBLISH, on_pypi(index))
    assert done.code == 1
    assert done.said("notice") == ["Generating and uploading digital attestations"]
    [error] = done.said("error")
    assert error == (
        "Attestation generation failure: The following distributions already have publish attestations: "
        f"* {wheel} -> {wheel}.publish.attestation"
    )
    assert "You're seeing this because the action attempted to generated PEP 740" in done.summary
    assert f"POST {UPLOAD}" not in index.requests
    assert job.run(PUBLISH, {**on_pypi(index), "attestations": "false"}).code == 0


def test_a_folder_with_the_name_of_a_distribution_cannot_be_attested(job: Driver, index: Index) -> None:
    folder = job.workspace / "dist/demo_dist-0.2.0.tar.gz"
    folder.mkdir()
    done = job.run(PUBLISH, {**on_pypi(index), "verify-metadata": "false"})
    assert done.code == 1
    [error] = done.said("error")
    assert error == (
        "Attestation generation failure: The following paths look like distributions but are not actually files: "
        f"{folder}"
    )


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

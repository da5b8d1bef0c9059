"""A release as real clients make it: exchange, upload, install, over TLS under the index's own names."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.indexes import IndexName, indexes
from simulator.run_events import FileUploaded, TokenExchanged, TwinRequest

from .conftest import Job, Rig, publisher
from .distributions import Form, write_dists

PYPI = indexes()["pypi"]
pytestmark = pytest.mark.clients


def twine(job: Job, python: str, *words: str, index: IndexName = "pypi") -> subprocess.CompletedProcess[str]:
    # twine knows no other way to its index than the real name, and the `id` package knows no proxy.
    url = ["--repository-url", indexes()[index].upload_url]
    command = [python, "-m", "twine", "upload", "--disable-progress-bar", "--non-interactive", *url, *words]
    env = {**job.resolver_env, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return job.run(*command, env=env)


def test_uv_publishes(rig: Rig) -> None:
    uv = shutil.which("uv", path=Path(sys.executable).parent)
    if uv is None:
        pytest.skip("uv is not installed beside this Python")
    rig.twins.assume(publisher())
    job = rig.job()
    built = write_dists(job.folder / "dist")
    done = job.run(uv, "publish", "--trusted-publishing", "always", *map(str, built))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [file.path.read_bytes() for file in rig.twins.published()] == [path.read_bytes() for path in built]
    posted = [event.path for event in rig.seen(TwinRequest) if event.method == "POST"]
    assert posted[:3] == ["/_/oidc/mint-token", "/legacy/", "/legacy/"]
    assert "Failed to invalidate" not in done.stderr


def pip(job: Job, python: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PIP_INDEX_URL": PYPI.simple_url, "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1"}
    return job.run(python, "-m", "pip", *words, env=env)


def test_trusted_publishing_from_exchange_to_install(rig: Rig, python: str) -> None:
    rig.twins.assume(publisher())
    job = rig.job()
    built = write_dists(job.folder / "dist")
    done = twine(job, python, *map(str, built))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{PYPI.project_url('demo', '0.1.0')}" in done.stdout

    asked = [(event.method, event.path, event.job_id) for event in rig.seen(TwinRequest) if event.twin == "pypi"]
    assert [row for row in asked if row[0] == "POST" or "audience" in row[1]] == [
        ("GET", "/_/oidc/audience", "publish"),
        ("POST", "/_/oidc/mint-token", "publish"),
        ("POST", "/legacy/", "publish"),
        ("POST", "/legacy/", "publish"),
    ]
    (exchange,) = rig.seen(TokenExchanged)
    assert (exchange.ok, exchange.declared) == (True, False)
    published = rig.twins.published()
    assert [(file.filename, file.sha256) for file in published] == [
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in built
    ]
    assert [file.path.read_bytes() for file in published] == [path.read_bytes() for path in built]
    lines = [json.loads(line) for line in (rig.settings.folder / "access.jsonl").read_text().splitlines()]
    assert [(line["method"], line["path"], line["job"]) for line in lines if line["twin"] == "pypi"] == asked

    for kind in ("--only-binary", "--no-binary"):
        target = job.folder / kind.strip("-")
        done = pip(job, python, "install", "-q", "--target", str(target), kind, "demo", "demo==0.1.0")
        assert done.returncode == 0, done.stderr
        assert (target / "demo.py").exists()


def test_pip_downloads_with_hashes(rig: Rig, python: str) -> None:
    job = rig.job()
    built, other = write_dists(job.folder / "dist")
    assert twine(job, python, str(built), "-u", "__token__", "-p", rig.twins.upload_token("pypi")).returncode == 0
    for path, code in ((built, 0), (other, 1)):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        (job.folder / "requirements.txt").write_text(f"demo==0.1.0 --hash=sha256:{digest}\n")
        done = pip(job, python, "download", "-q", "--no-deps", "-r", "requirements.txt", "-d", "got")
        assert done.returncode == code, done.stderr
        assert (job.folder / "got" / built.name).exists() == (code == 0)


def test_a_token_of_a_user_creates_the_project(rig: Rig, python: str) -> None:
    job = rig.job("token", id_token=False)
    built = write_dists(job.folder / "dist")
    done = twine(job, python, *map(str, built), "-u", "__token__", "-p", rig.twins.upload_token("pypi"))
    assert done.returncode == 0, done.stdout
    assert [event.status for event in rig.seen(FileUploaded)] == [200, 200]


def test_a_secret_that_is_no_token_stays_inside(rig: Rig, python: str) -> None:
    job = rig.job("token", id_token=False)
    built = write_dists(job.folder / "dist")
    done = twine(job, python, str(built[0]), "--verbose", "-u", "__token__", "-p", "pypi-AgEIcHlwaS5vcmcCJ")
    assert done.returncode == 1
    assert "403 Forbidden" in done.stdout
    assert "Invalid or non-existent authentication information." in done.stdout
    (event,) = rig.seen(FileUploaded)
    assert (event.status, event.filename, event.job_id) == (403, built[0].name, "token")
    assert rig.twins.published() == []


def test_a_refused_exchange_shows_the_reason(rig: Rig, python: str) -> None:
    rig.twins.assume(publisher(workflow="release.yml"))
    job = rig.job()
    done = twine(job, python, str(write_dists(job.folder / "dist")[0]))
    assert done.returncode == 1
    assert "* `invalid-publisher`: valid token, but no corresponding publisher" in done.stdout + done.stderr
    (event,) = rig.seen(TokenExchanged)
    assert [(check.claim, check.value, check.expected) for check in event.claims if not check.ok] == [
        ("workflow", "pypi.yml", "release.yml")
    ]


def test_the_same_file_again_is_no_error_and_other_bytes_are(rig: Rig, python: str) -> None:
    job = rig.job()
    path = write_dists(job.folder / "dist")[0]
    user = ("-u", "__token__", "-p", rig.twins.upload_token("pypi"), "--verbose")
    assert twine(job, python, str(path), *user).returncode == 0
    assert twine(job, python, str(path), *user).returncode == 0
    with path.open("ab") as file:
        file.write(b"\0")
    done = twine(job, python, str(path), *user)
    assert done.returncode == 1
    assert "File already exists" in done.stdout
    done = twine(job, python, str(path), *user, "--skip-existing")
    assert done.returncode == 0, done.stdout
    assert len(rig.twins.published()) == 1


def test_the_two_indexes_share_nothing(rig: Rig, python: str) -> None:
    rig.twins.assume(publisher(index="testpypi"))
    job = rig.job()
    built = write_dists(job.folder / "dist")
    assert twine(job, python, str(built[0])).returncode == 1
    assert twine(job, python, str(built[0]), index="testpypi").returncode == 0
    (published,) = rig.twins.published()
    assert published.index == "testpypi"
    assert job.http.get(f"{PYPI.simple_url}demo/").status_code == 404


def test_pip_says_when_a_project_is_not_there(rig: Rig, python: str) -> None:
    done = pip(rig.job(), python, "download", "--no-deps", "nowhere")
    assert done.returncode == 1
    assert "No matching distribution found for nowhere" in done.stderr


def test_a_requirement_on_python_is_kept(rig: Rig, python: str) -> None:
    job, form = rig.job(), Form().but(requires_python=">=99")
    auth = ("__token__", rig.twins.upload_token("pypi"))
    assert job.http.post(PYPI.upload_url, data=form.data, files=form.files, auth=auth).status_code == 200
    done = pip(job, python, "download", "--no-deps", "demo")
    assert "Requires-Python >=99" in done.stderr + done.stdout

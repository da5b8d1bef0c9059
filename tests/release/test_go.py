"""The main job: build, hand over, exchange, publish, install, go."""

from __future__ import annotations

import hashlib
import json
import zipfile

import pytest

from simulator.indexes import indexes
from tests.release.driving import Rehearsed, Repository


def archive_files(rehearsed: Rehearsed) -> dict[str, str]:
    """SHA-256 of the files in the run's artifact, by name."""
    (archive,) = (rehearsed.folder / "artifacts").glob("*.zip")
    with zipfile.ZipFile(archive) as opened:
        return {name: hashlib.sha256(opened.read(name)).hexdigest() for name in opened.namelist()}


@pytest.mark.network
def test_the_sample_is_published_and_installed(sample_on: Repository) -> None:
    done = sample_on.rehearse()
    assert (done.code, done.verdict) == (0, "go"), done.summary["findings"]
    summary = done.summary
    assert summary["engine"] == sample_on.engine
    assert done.conclusions == {"build": "success", "publish-pypi": "success"}
    (release,) = summary["published"]
    assert (release["project"], release["version"]) == ("orchay", "0.1.0")
    assert {file["filename"]: file["sha256"] for file in release["files"]} == archive_files(done)
    assert [(item["tool"], item["dist"], item["ok"]) for item in summary["installed"]] == [
        ("pip", "wheel", True),
        ("pip", "sdist", True),
        ("pipx", "wheel", True),
    ]
    assert json.loads((done.folder / "summary.json").read_text())["verdict"] == "go"


def files_of(repository: Repository) -> dict[str, bytes]:
    paths = (path.relative_to(repository.root) for path in repository.root.rglob("*") if path.is_file())
    return {str(path): (repository.root / path).read_bytes() for path in paths if path.parts[0] != ".pysim"}


def test_the_index_saw_audience_mint_token_and_two_uploads(tiny_on: Repository) -> None:
    before = files_of(tiny_on)
    done = tiny_on.rehearse()
    assert files_of(tiny_on) == before
    assert (tiny_on.root / ".pysim/.gitignore").read_text() == "*\n"
    assert done.conclusions == {"build": "success", "publish": "success"}, done.summary["findings"]
    host = indexes()["pypi"].upload_host
    seen = [(r["method"], r["path"], r["status"]) for r in done.requests if r["host"] == host]
    assert seen == [
        ("GET", "/_/oidc/audience", 200),
        ("POST", "/_/oidc/mint-token", 200),
        ("POST", "/legacy/", 200),
        ("POST", "/legacy/", 200),
    ]
    assert {r["job"] for r in done.requests if r["host"] == host} == {"publish"}
    assert {r["job"] for r in done.requests if r["twin"] == "github"} == {"build"}
    assert len(archive_files(done)) == 2

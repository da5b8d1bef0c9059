"""Releases with jobs for other systems: their part is said, and supplied with --artifact."""

from __future__ import annotations

import sys

import pytest

from simulator import process
from tests.release.driving import WORKFLOW, Repository

RELEASE = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    strategy: {matrix: {os: [ubuntu-latest, macos-15]}}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - run: python backend.py dist
      - run: rm dist/*.whl
        if: runner.os == 'Linux'
      - {uses: actions/upload-artifact@v4, with: {name: 'dist-${{ matrix.os }}', path: dist/}}
  publish:
    needs: build
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: dist-*, path: dist, merge-multiple: true}}
      - uses: pypa/gh-action-pypi-publish@release/v1
"""


@pytest.mark.local
def test_what_no_runner_here_makes_is_missing_until_it_is_supplied(tiny: Repository) -> None:
    tiny.write(WORKFLOW, RELEASE)
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (6, "not-rehearsed")
    assert done.conclusions == {"build (ubuntu-latest)": "success", "build (macos-15)": "skipped", "publish": "skipped"}
    assert "Supply the artifact dist-macos-15 from a folder" in done.findings["job-not-rehearsed"]
    assert "Job build (macos-15) is not rehearsed" in done.summary["reason"]

    folder = tiny.root.parent / "supplied"
    process.run([sys.executable, "backend.py", str(folder)], cwd=tiny.root)
    next(folder.glob("*.tar.gz")).unlink()
    done = tiny.rehearse("--artifact", f"dist-macos-15={folder}")
    assert (done.code, done.verdict) == (0, "go"), done.summary
    assert done.conclusions["publish"] == "success"
    assert done.summary["reason"].endswith("; not rehearsed: build (macos-15)")
    uploaded = {event["filename"] for event in done.events if event["type"] == "file-uploaded"}
    assert uploaded == {"tinytool-0.1.0.tar.gz", "tinytool-0.1.0-py3-none-any.whl"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("wheels", "--artifact wheels is not NAME=DIR."),
        ("wheels=nowhere", "there is no folder"),
        ("wheels=empty", "there is no file in"),
    ],
)
def test_what_cannot_be_supplied(tiny: Repository, given: str, said: str) -> None:
    (tiny.root / "empty").mkdir()
    done = tiny.pysim("run", "--tag", "v1", "--artifact", given.replace("=", f"={tiny.root}/"))
    assert done.code == 2
    assert said in " ".join(done.stderr.decode().split())


@pytest.mark.local
def test_a_name_that_nobody_waits_for(tiny: Repository) -> None:
    done = tiny.rehearse("--artifact", f"wheels={tiny.root}")
    assert "wheels" in done.findings["artifact-unused"]
    assert done.verdict == "go"


@pytest.mark.local
def test_what_was_downloaded_is_supplied_where_it_is_wanted(tiny: Repository) -> None:
    """`gh run download` leaves a folder for each artifact, also for those that a job makes here."""
    tiny.write(WORKFLOW, RELEASE)
    folder = tiny.root.parent / "downloaded"
    folder.mkdir()
    process.run([sys.executable, "backend.py", str(folder / "dist-macos-15")], cwd=tiny.root)
    next((folder / "dist-macos-15").glob("*.tar.gz")).unlink()
    for other in ("dist-ubuntu-latest", "coverage"):
        (folder / other).mkdir()
        (folder / other / "old.txt").write_text("of the last release")
    done = tiny.rehearse("--artifacts", str(folder))
    assert (done.code, done.verdict) == (0, "go"), done.summary
    assert "artifact-unused" not in done.findings
    uploaded = {event["filename"] for event in done.events if event["type"] == "file-uploaded"}
    assert uploaded == {"tinytool-0.1.0.tar.gz", "tinytool-0.1.0-py3-none-any.whl"}


@pytest.mark.parametrize(("name", "said"), [("nowhere", "it is not there"), ("empty", "there is no folder")])
def test_a_folder_that_holds_no_artifact(tiny: Repository, name: str, said: str) -> None:
    (tiny.root / "empty").mkdir()
    done = tiny.pysim("run", "--tag", "v0.1.0", "--artifacts", str(tiny.root / name))
    assert done.code == 2
    assert said in " ".join(done.stderr.decode().split())

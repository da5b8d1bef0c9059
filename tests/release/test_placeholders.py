"""Releases with jobs for other systems, without a flag: placeholders stand for what they would upload."""

from __future__ import annotations

import sys

import pytest

from simulator import process
from tests.release.driving import WORKFLOW, Repository

RELEASE = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    strategy: {matrix: {os: [ubuntu-latest, macos-15, windows-latest]}}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - if: runner.os == 'Linux'
        run: |
          python backend.py dist
          cd dist
          mv *.whl tinytool-0.1.0-cp312-cp312-manylinux_2_28_x86_64.whl
      - if: runner.os != 'Linux'
        BUILD
      - {uses: actions/upload-artifact@v4, with: {name: 'dist-${{ matrix.os }}', path: dist/}}
  publish:
    needs: build
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: dist-*, path: dist, merge-multiple: true}}
      - run: ls dist
      - uses: pypa/gh-action-pypi-publish@release/v1
"""
LINUX = {"tinytool-0.1.0.tar.gz", "tinytool-0.1.0-cp312-cp312-manylinux_2_28_x86_64.whl"}
CIBUILDWHEEL = """
[tool.cibuildwheel]
build = "cp312-*"
[tool.cibuildwheel.macos]
environment = {MACOSX_DEPLOYMENT_TARGET = "12.0"}
"""


def prepared(tiny: Repository, build: str) -> Repository:
    tiny.write(WORKFLOW, RELEASE.replace("BUILD", build))
    tiny.edit("backend.py", ("Tag: py3-none-any", "Tag: cp312-cp312-manylinux_2_28_x86_64"))
    return tiny


@pytest.mark.local
def test_the_wheels_of_linux_say_what_others_would_be_called(tiny: Repository) -> None:
    done = prepared(tiny, "run: python -m build --wheel --outdir dist").rehearse()
    assert (done.code, done.verdict) == (6, "not-rehearsed"), done.summary
    assert done.summary["reason"].startswith("all else is go, and 2 of 4 files were placeholders: Job build (macos-15)")
    assert done.conclusions == {
        "build (ubuntu-latest)": "success",
        "build (macos-15)": "skipped",
        "build (windows-latest)": "skipped",
        "publish": "success",
    }
    (release,) = done.summary["published"]
    stood = {file["filename"] for file in release["files"] if file["placeholder"]}
    assert stood == {
        "tinytool-0.1.0-cp312-cp312-macosx_10_13_universal2.whl",
        "tinytool-0.1.0-cp312-cp312-win_amd64.whl",
    }
    assert {file["filename"] for file in release["files"]} == stood | LINUX
    made = {event["name"]: event for event in done.events if event["type"] == "artifact-stored"}
    assert made["dist-macos-15"]["assumed"] == "the tag macosx_10_13_universal2"
    assert set(made["dist-macos-15"]["placeholders"]) < stood
    assert made["dist-ubuntu-latest"]["placeholders"] == []
    installed = [event["ok"] for event in done.events if event["type"] == "installed"]
    assert installed == [True] * len(installed) != []

    done = tiny.rehearse("--accept", "job-not-rehearsed")
    assert (done.code, done.verdict) == (0, "go")
    assert "; 2 of 4 files were placeholders" in done.summary["reason"]


@pytest.mark.local
@pytest.mark.network
def test_cibuildwheel_says_itself_what_it_would_build(tiny: Repository) -> None:
    text = (tiny.root / "pyproject.toml").read_text()
    tiny.write("pyproject.toml", text + CIBUILDWHEEL)
    done = prepared(tiny, "uses: pypa/cibuildwheel@v3.2.1").rehearse("--actions", "pypa/cibuildwheel=skip")
    assert done.verdict == "not-rehearsed", done.summary
    (release,) = done.summary["published"]
    assert {file["filename"] for file in release["files"] if file["placeholder"]} == {
        "tinytool-0.1.0-cp312-cp312-macosx_12_0_arm64.whl",
        "tinytool-0.1.0-cp312-cp312-win32.whl",
        "tinytool-0.1.0-cp312-cp312-win_amd64.whl",
    }
    made = {event["name"]: event for event in done.events if event["type"] == "artifact-stored"}
    assert made["dist-macos-15"]["assumed"] is None


@pytest.mark.local
def test_offline_the_wheels_of_linux_stand_for_what_cibuildwheel_would_say(tiny: Repository) -> None:
    done = prepared(tiny, "uses: pypa/cibuildwheel@v3.2.1").rehearse("--offline", "--actions", "pypa/cibuildwheel=skip")
    assert done.verdict == "not-rehearsed", done.summary
    (release,) = done.summary["published"]
    assert {file["filename"] for file in release["files"] if file["placeholder"]} == {
        "tinytool-0.1.0-cp312-cp312-macosx_11_0_arm64.whl",
        "tinytool-0.1.0-cp312-cp312-win_amd64.whl",
    }
    made = {event["name"]: event for event in done.events if event["type"] == "artifact-stored"}
    assert made["dist-macos-15"]["assumed"] == "the tag macosx_11_0_arm64"


@pytest.mark.local
def test_what_fails_behind_placeholders_is_no_fault_of_the_release(tiny: Repository) -> None:
    prepared(tiny, "run: python -m build --wheel --outdir dist")
    tiny.edit(WORKFLOW, ("- run: ls dist", "- run: test $(ls dist | wc -l) -eq 9"))
    done = tiny.rehearse()
    assert done.verdict == "not-rehearsed"
    assert "nothing was found wrong" in done.summary["reason"]
    assert "behind what was not rehearsed" in done.findings["step-failed"]


@pytest.mark.local
def test_what_is_supplied_is_stronger(tiny: Repository) -> None:
    prepared(tiny, "run: python -m build --wheel --outdir dist")
    folder = tiny.root.parent / "supplied"
    folder.mkdir()
    name = "tinytool-0.1.0-cp312-cp312-macosx_11_0_arm64.whl"
    tiny.write("make.py", "import backend, sys; backend.METADATA += sys.platform; backend.build_wheel(sys.argv[1])")
    process.run([sys.executable, "make.py", str(folder)], cwd=tiny.root)
    next(folder.iterdir()).rename(folder / name)
    done = tiny.rehearse("--artifact", f"dist-macos-15={folder}")
    (release,) = done.summary["published"]
    files = {file["filename"]: file["placeholder"] for file in release["files"]}
    assert files == {**dict.fromkeys(LINUX, False), name: False, "tinytool-0.1.0-cp312-cp312-win_amd64.whl": True}


PROVENANCE = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {hashes: '${{ steps.hash.outputs.hashes }}'}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - run: python backend.py dist
      - {id: hash, run: 'echo "hashes=$(cd dist && sha256sum * | base64 -w0)" >> "$GITHUB_OUTPUT"'}
      - {uses: actions/upload-artifact@v4, with: {name: dist, path: dist/}}
  provenance:
    needs: build
    permissions: {actions: read, id-token: write, contents: write}
    uses: slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@v2.1.0
    with: {base64-subjects: '${{ needs.build.outputs.hashes }}', provenance-name: tinytool.intoto.jsonl}
  publish:
    needs: [build, provenance]
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - uses: actions/download-artifact@v4
        with: {name: '${{ needs.provenance.outputs.provenance-name }}', path: proof}
      - run: test -s proof/tinytool.intoto.jsonl
      - {uses: actions/download-artifact@v4, with: {name: dist, path: dist}}
      - uses: pypa/gh-action-pypi-publish@release/v1
"""


@pytest.mark.local
def test_the_provenance_of_slsa_is_named_and_the_rest_goes_on(tiny: Repository) -> None:
    tiny.write(WORKFLOW, PROVENANCE)
    done = tiny.rehearse()
    assert done.verdict == "not-rehearsed", done.summary
    assert done.conclusions == {"build": "success", "provenance": "skipped", "publish": "success"}
    said = done.findings["job-not-rehearsed"]
    assert "signs with Sigstore's public instance; placeholders are made for tinytool.intoto.jsonl" in said
    done = tiny.rehearse("--accept", "job-not-rehearsed")
    assert (done.code, done.verdict) == (0, "go")

"""Releases whose jobs call workflows: of the repository, and of another one."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

CALLER = """\
name: Publish
on: {push: {tags: ['v*']}}
jobs:
  build:
    uses: ./.github/workflows/build.yml
    with: {python: '3.12'}
  publish:
    needs: build
    permissions: {id-token: write, contents: read}
    uses: ./.github/workflows/publish.yml
    with: {artifact: '${{ needs.build.outputs.artifact }}'}
"""
BUILD = """\
on:
  workflow_call:
    inputs: {python: {type: string, required: true}}
    outputs: {artifact: {value: '${{ jobs.build.outputs.name }}'}}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {name: '${{ steps.name.outputs.name }}'}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '${{ inputs.python }}'}
      - run: python backend.py dist
      - {id: name, run: echo name=built >> "$GITHUB_OUTPUT"}
      - {uses: actions/upload-artifact@v4, with: {name: built, path: dist/}}
"""
PUBLISH = """\
on: {workflow_call: {inputs: {artifact: {type: string}}}}
jobs:
  upload:
    runs-on: ubuntu-latest
    environment: pypi
    steps:
      - {uses: actions/download-artifact@v4, with: {name: '${{ inputs.artifact }}', path: dist/}}
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {attestations: false}
"""


def with_calls(tiny: Repository) -> Repository:
    tiny.write(WORKFLOW, CALLER)
    tiny.write(".github/workflows/build.yml", BUILD)
    tiny.write(".github/workflows/publish.yml", PUBLISH)
    return tiny


def test_a_release_of_called_workflows(tiny_on: Repository) -> None:
    done = with_calls(tiny_on).rehearse()
    assert (done.code, done.verdict) == (0, "go"), done.error or done.summary
    assert done.conclusions == {"build / build": "success", "publish": "skipped", "publish / upload": "success"}
    (exchange,) = [event for event in done.events if event["type"] == "token-exchanged"]
    assert (exchange["ok"], exchange["jobId"]) == (True, "publish / upload")
    assert "publish.yml" in exchange["publisher"]
    (workflow,) = [claim["value"] for claim in exchange["claims"] if "workflow" in claim["claim"]]
    assert "publish.yml" in workflow
    assert "the calling workflow is a reusable workflow" in done.log("publish / upload")
    assert list(done.findings) == ["reusable-publish"]


def test_attestations_would_be_refused(tiny: Repository) -> None:
    with_calls(tiny).edit(".github/workflows/publish.yml", ("attestations: false", "verbose: true"))
    known = tiny.rehearse()
    assert (known.code, known.verdict) == (1, "no-go")
    (said,) = known.summary["findings"]
    assert (said["code"], said["severity"]) == ("reusable-publish", "error")
    assert said["where"].startswith(".github/workflows/publish.yml:8")
    assert set(known.conclusions.values()) == {"skipped"}
    done = tiny.rehearse("--accept", "reusable-publish")
    assert (done.code, done.verdict) == (1, "no-go")
    said, shown = done.summary["findings"]
    assert (said["code"], said["severity"], shown["code"]) == ("reusable-publish", "warning", "upload-refused")
    assert shown["wouldShow"].endswith(
        "Verification failed: Certificate's Build Config URI (https://github.com/local/repository/.github/workflows/"
        "pypi.yml@refs/tags/v0.1.0) does not match expected Trusted Publisher (publish.yml @ local/repository)"
    )
    assert "HTTPError: 400 Bad Request" in done.log("publish / upload")


@pytest.mark.local
def test_a_publisher_that_is_registered_for_the_caller(tiny: Repository) -> None:
    with_calls(tiny).write(
        "pysim.toml",
        '[repository]\nowner = "octo"\nname = "tinytool"\n[[publishers]]\nindex = "pypi"\nproject = "tinytool"\n'
        'repository = "octo/tinytool"\nworkflow = "pypi.yml"\nenvironment = "pypi"\n',
    )
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (1, "no-go")
    assert "publisher-mismatch" in done.findings
    assert "publish.yml" in done.findings["publisher-mismatch"]


@pytest.mark.local
def test_a_token_that_is_handed_on_is_one_of_the_local_index(tiny: Repository) -> None:
    with_calls(tiny).edit(
        WORKFLOW, ("    with: {artifact", "    secrets: {token: '${{ secrets.PYPI }}'}\n    with: {artifact")
    )
    tiny.edit(
        ".github/workflows/publish.yml",
        ("{workflow_call: {", "{workflow_call: {secrets: {token: {required: true}}, "),
        ("attestations: false", "password: '${{ secrets.token }}'"),
    )
    done = tiny.rehearse()
    assert (done.code, done.verdict) == (0, "go"), done.findings
    assert any("The secret PYPI" in event["message"] for event in done.events if event["type"] == "notice")


def test_an_input_that_is_missing_is_said_before_anything_runs(tiny: Repository) -> None:
    with_calls(tiny).edit(WORKFLOW, ("    with: {python: '3.12'}\n", ""))
    done = tiny.rehearse()
    assert done.code == 3
    assert "Input python is required, but not provided while calling." in done.error


def test_a_workflow_of_another_repository(tiny: Repository) -> None:
    other = tiny.root.parent / "other"
    (other / ".github/workflows").mkdir(parents=True)
    (other / ".github/workflows/build.yml").write_text(BUILD)
    with_calls(tiny).edit(WORKFLOW, ("./.github/workflows/build.yml", "o/other/.github/workflows/build.yml@v1"))
    (tiny.root / ".github/workflows/publish.yml").unlink()
    tiny.edit(
        WORKFLOW, ("    uses: ./.github/workflows/publish.yml\n    with", "    #"), ("  publish:", "  x-publish:")
    )
    text = (tiny.root / WORKFLOW).read_text().partition("  x-publish:")[0]
    tiny.write(WORKFLOW, text)
    assert "is not at hand" in tiny.rehearse("--offline").findings["job-not-rehearsed"]
    done = tiny.rehearse("--local-repository", f"o/other@v1={other}")
    assert done.conclusions == {"build / build": "success"}

"""A release that a composite action builds with pysim's built-in ones, as many projects do; what is not rehearsed."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

STEPS = """\
on: {push: {tags: ['v*']}}
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      name: ${{ steps.built.outputs.name }}
    steps:
      - uses: actions/checkout@v4
        with: {persist-credentials: false}
      - uses: ./.github/actions/build
        id: built
      - uses: codecov/codecov-action@v5
        id: coverage
        with: {token: a-token, files: coverage.xml}
      - run: echo "coverage ${{ steps.coverage.conclusion }} (${{ steps.coverage.outputs.anything }})"
  check:
    if: always()
    needs: [build]
    runs-on: ubuntu-latest
    steps:
      - uses: re-actors/alls-green@release/v1
        with:
          jobs: ${{ toJSON(needs) }}
  publish:
    needs: [build, check]
    runs-on: ubuntu-latest
    environment: pypi
    permissions: {id-token: write}
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: ${{ needs.build.outputs.name }}
          path: dist
      - uses: pypa/gh-action-pypi-publish@release/v1
"""
BUILD = """\
inputs:
  look: {default: 'false'}
outputs:
  name: {value: '${{ steps.artifact.outputs.name }}'}
runs:
  using: composite
  steps:
    - uses: actions/setup-python@v5
      id: python
      with: {python-version: '3.12', update-environment: false}
    - uses: astral-sh/setup-uv@v7
      with: {enable-cache: false}
    - run: uv venv "$RUNNER_TEMP/tools" --python "${{ steps.python.outputs.python-path }}"
      shell: bash
    - id: artifact
      run: echo "name=Packages" >> "$GITHUB_OUTPUT"
      shell: bash
    - run: |
        uv build --out-dir "$RUNNER_TEMP/dist"
        rm -f "$RUNNER_TEMP/dist/.gitignore"
      shell: bash
    - if: ${{ inputs.look == 'true' }}
      uses: mxschmitt/action-tmate@v3
    - uses: actions/upload-artifact@v4
      with:
        name: ${{ steps.artifact.outputs.name }}
        path: ${{ runner.temp }}/dist/*
"""


def test_a_composite_action_builds_what_is_published(tiny_on: Repository) -> None:
    tiny_on.write(WORKFLOW, STEPS)
    tiny_on.write(".github/actions/build/action.yml", BUILD)
    done = tiny_on.rehearse("--source", "worktree")
    assert done.code == 0, (done.error, done.findings)
    assert "action-not-rehearsed" not in done.findings  # the step that would open this machine does not run
    assert done.conclusions == {"build": "success", "check": "success", "publish": "success"}
    assert "coverage success ()" in done.log("build")
    assert "build → ✓ success [required to succeed]" in done.log("check")
    assert "it would have sent coverage to Codecov" in done.findings["not-rehearsed"]


@pytest.mark.local
def test_what_would_publish_elsewhere_is_passed_over(tiny: Repository) -> None:
    step = "      - run: python backend.py dist\n"
    tiny.edit(WORKFLOW, (step, f"{step}      - run: npm publish\n"))
    done = tiny.rehearse("--source", "worktree")
    assert (done.code, done.conclusions) == (6, {"build": "success", "publish": "success"})
    assert done.findings["writes-outside"].startswith("A step runs npm publish, which publishes to an npm registry,")

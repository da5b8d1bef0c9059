"""Uploads that a rehearsal would make for real are refused before anything runs."""

from __future__ import annotations

import pytest

from simulator.indexes import indexes
from simulator.rehearsal.elsewhere import uploads_elsewhere
from simulator.workflow.loader import load_workflow

WORKFLOW = """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - {step}
"""
ACTION = "{uses: pypa/gh-action-pypi-publish@release/v1, with: {%s}}"
OWN = indexes()["testpypi"].upload_url


@pytest.mark.parametrize(
    ("step", "host"),
    [
        (ACTION % "repository-url: https://pkgs.corp.example/legacy/", "pkgs.corp.example"),
        (ACTION % "repository_url: 'https://USER@Pkgs.corp.example:8443/x'", "pkgs.corp.example"),
        (ACTION % f"repository-url: {OWN}", None),
        (ACTION % "user: x", None),
        (ACTION % "repository-url: '${{ vars.INDEX }}'", None),
        ("{run: twine upload --repository-url https://pkgs.corp.example/ dist/*}", "pkgs.corp.example"),
        ("{run: uv publish --publish-url=https://pkgs.corp.example/}", "pkgs.corp.example"),
        ("{run: twine upload --repository-url http://localhost:8080/ dist/*}", None),
        ("{run: twine upload dist/*, env: {TWINE_REPOSITORY_URL: https://pkgs.corp.example/}}", "pkgs.corp.example"),
        ("{run: twine upload -r testpypi dist/*, env: {OTHER_URL: https://pkgs.corp.example/}}", None),
        ("{run: echo --repository-url https://pkgs.corp.example/}", None),
    ],
)
def test_hosts(step: str, host: str | None) -> None:
    loaded = load_workflow(WORKFLOW.format(step=step), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    found = uploads_elsewhere(loaded.workflow, loaded.workflow.jobs.values())
    assert [finding.message.split(",")[0] for finding in found] == ([f"Job publish uploads to {host}"] if host else [])

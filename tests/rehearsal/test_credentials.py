"""Which secrets of a workflow are tokens of an index."""

from __future__ import annotations

import pytest

from simulator.rehearsal.credentials import token_secrets
from simulator.workflow.loader import load_workflow

WORKFLOW = """\
on: push
env:
  CODECOV_TOKEN: ${{{{ secrets.CODECOV }}}}
jobs:
  publish:
    runs-on: ubuntu-latest
    {job}
    steps:
      - uses: actions/checkout@v4
        with: {{token: "${{{{ secrets.CHECKOUT }}}}"}}
      - {step}
"""
PUBLISH = "{uses: pypa/gh-action-pypi-publish@release/v1, with: {password: '${{ secrets.pypi_token }}'%s}}"


@pytest.mark.parametrize(
    ("job", "step", "found"),
    [
        ("", PUBLISH % "", {"PYPI_TOKEN": "pypi"}),
        ("", PUBLISH % ", repository-url: 'https://x.testpypi.example/legacy/'", {"PYPI_TOKEN": "testpypi"}),
        ("", "{run: twine upload, env: {TWINE_PASSWORD: '${{ secrets.A }}'}}", {"A": "pypi"}),
        ("", "{run: twine upload -r testpypi, env: {TWINE_PASSWORD: '${{ secrets.A }}'}}", {"A": "testpypi"}),
        ("env: {UV_PUBLISH_TOKEN: \"${{ secrets['A'] }}\"}", "{run: uv publish}", {"A": "pypi"}),
        ("", "{run: poetry publish, env: {POETRY_PYPI_TOKEN_TESTPYPI: '${{ secrets.A }}'}}", {"A": "testpypi"}),
        ("", "{run: twine upload, env: {OTHER: '${{ secrets.A }}'}}", {}),
        ("", "{uses: pypa/gh-action-pypi-publish@release/v1}", {}),
    ],
)
def test_tokens(job: str, step: str, found: dict[str, str]) -> None:
    loaded = load_workflow(WORKFLOW.format(job=job or "name: x", step=step), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    secrets = token_secrets(loaded.workflow, loaded.workflow.jobs["publish"])
    assert {secret.name: secret.index for secret in secrets} == found

"""Which secrets of a workflow are tokens of an index."""

from __future__ import annotations

import pytest

from simulator.indexes import indexes
from simulator.rehearsal.credentials import token_secrets
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Job, Workflow

TEST = indexes()["testpypi"].upload_url

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


SURE_PYPI, SURE_TEST, UNSURE = (("pypi",), True), (("testpypi",), True), ((), False)


@pytest.mark.parametrize(
    ("job", "step", "found"),
    [
        ("", PUBLISH % "", {"PYPI_TOKEN": SURE_PYPI}),
        ("", PUBLISH % f", repository-url: '{TEST}'", {"PYPI_TOKEN": SURE_TEST}),
        ("", PUBLISH % ", repository-url: '${{ vars.INDEX }}'", {"PYPI_TOKEN": UNSURE}),
        ("", "{run: twine upload, env: {TWINE_PASSWORD: '${{ secrets.A }}'}}", {"A": SURE_PYPI}),
        ("", "{run: twine upload -r testpypi, env: {TWINE_PASSWORD: '${{ secrets.A }}'}}", {"A": SURE_TEST}),
        ("", "{run: 'twine upload -p ${{ secrets.A }} dist/*'}", {"A": SURE_PYPI}),
        ("", "{run: 'twine upload -p \"$IT\" dist/*', env: {IT: '${{ secrets.A }}'}}", {"A": SURE_PYPI}),
        ("env: {UV_PUBLISH_TOKEN: \"${{ secrets['A'] }}\"}", "{run: uv publish}", {"A": SURE_PYPI}),
        ("", "{run: 'uv publish --token=${{ secrets.A }}'}", {"A": SURE_PYPI}),
        ("", "{run: 'hatch publish -r test -a ${{ secrets.A }}'}", {"A": SURE_TEST}),
        ("", "{run: 'poetry publish -p ${{ secrets.A }}'}", {"A": SURE_PYPI}),
        ("", "{run: 'poetry config pypi-token.pypi ${{ secrets.A }}; poetry publish'}", {"A": SURE_PYPI}),
        (
            "env: {POETRY_PYPI_TOKEN_PYPI: '${{ secrets.A }}', POETRY_PYPI_TOKEN_T: '${{ secrets.B }}'}",
            f"{{run: 'poetry config repositories.t {TEST}; poetry publish -r t'}}",
            {"B": SURE_TEST},
        ),
        ("", "{run: \"printf '[pypi]\\npassword=${{ secrets.A }}' > ~/.pypirc; twine upload x\"}", {"A": SURE_PYPI}),
        ("", "{uses: JRubics/poetry-publish@v2, with: {pypi_token: '${{ secrets.A }}'}}", {"A": SURE_PYPI}),
        ("", "{run: 'twine upload --repository-url https://x.example -p ${{ secrets.A }}'}", {"A": UNSURE}),
        ("", "{run: make release, env: {TWINE_PASSWORD: '${{ secrets.A }}'}}", {"A": UNSURE}),
        ("", "{run: twine upload, env: {OTHER: '${{ secrets.A }}'}}", {}),
        ("", "{uses: pypa/gh-action-pypi-publish@release/v1}", {}),
    ],
)
def test_tokens(job: str, step: str, found: dict[str, object]) -> None:
    secrets = token_secrets(*publishing_job(job, step))
    assert {secret.name: (secret.indexes, secret.sure) for secret in secrets} == found


@pytest.mark.parametrize(
    "step",
    [
        PUBLISH % ", user: '${{ secrets.U }}'",
        "{run: 'twine upload -u ${{ secrets.U }} -p ${{ secrets.A }}'}",
        "{run: twine upload, env: {TWINE_USERNAME: '${{ secrets.U }}', TWINE_PASSWORD: '${{ secrets.A }}'}}",
        "{run: 'poetry config http-basic.pypi ${{ secrets.U }} ${{ secrets.A }} && poetry publish'}",
        "{run: \"printf 'username = ${{ secrets.U }}\\n' > ~/.pypirc; twine upload x\"}",
    ],
)
def test_user_names(step: str) -> None:
    secrets = token_secrets(*publishing_job("", step))
    assert [secret.name for secret in secrets if secret.user] == ["U"]


def publishing_job(job: str, step: str) -> tuple[Workflow, Job]:
    loaded = load_workflow(WORKFLOW.format(job=job or "name: x", step=step), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    return loaded.workflow, loaded.workflow.jobs["publish"]

"""Uploads that a rehearsal would make for real are refused before anything runs."""

from __future__ import annotations

import pytest

from simulator.indexes import indexes
from simulator.planning.outside import script_writes_outside
from simulator.planning.uploads import foreign_indexes_of_project
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
        ("{run: uv publish --index corp}", "the index corp"),
        ("{run: pip install -r requirements.txt && twine upload -r testpypi dist/*}", None),
        ("{run: echo --repository-url https://pkgs.corp.example/}", None),
    ],
)
def test_hosts(step: str, host: str | None) -> None:
    loaded = load_workflow(WORKFLOW.format(step=step), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    workflow = loaded.workflow
    found = uploads_elsewhere((workflow, job) for job in workflow.jobs.values())
    assert [finding.message.split(",")[0] for finding in found] == ([f"Job publish uploads to {host}"] if host else [])


NPM = "runs npm publish, which publishes to an npm registry"
CURL = "runs curl, which sends data to %s"
PUSH = "which pushes an image to a registry"
IMAGE = "{uses: docker/build-push-action@v6%s}"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("npm publish", NPM),
        ("npm ci && NODE_AUTH_TOKEN=x npm --registry https://r.example publish --access public", NPM),
        ("if true; then\n  npx --yes npm publish\nfi", NPM),
        ("bash -c 'npm publish'", NPM),
        ('echo "it\'s" $(npm publish)', NPM),
        ('echo "$(npm publish)"', NPM),
        ("npm \\\n  publish", NPM),
        ("yarn publish", "runs yarn publish, which publishes to an npm registry"),
        ("docker build -t a . && docker push r.example/a", f"runs docker push, {PUSH}"),
        ("docker buildx build --push .", f"runs docker buildx build, {PUSH}"),
        ("sudo -E docker --context x push a", f"runs docker push, {PUSH}"),
        ("aws --region x s3 cp a s3://b", "runs aws s3 cp, which writes to cloud storage"),
        ("npx semantic-release", "runs semantic-release, which publishes what its plugins are for"),
        ('curl -d \'{"a": "b; c"}\' https://hooks.example/x', CURL % "hooks.example"),
        ('curl -XPOST "${{ secrets.HOOK }}"', CURL % "an address that is not written here"),
        ("curl -T x https://maven.pkg.github.com/x", CURL % "maven.pkg.github.com"),
        ("curl --request PUT --url https://a.example/x", CURL % "a.example"),
        ("git push https://USER@git.example/x.git", "runs git push, which pushes to git.example"),
    ],
)
def test_commands_that_write_outside(script: str, said: str) -> None:
    assert script_writes_outside(script) == (said,)


@pytest.mark.parametrize(
    "script",
    [
        "npm publish --dry-run",
        "echo npm publish",
        "# npm publish",
        "npm ci  # then npm publish",
        "npm run publish",
        "docker run node npm publish",
        "docker buildx build --load .",
        "aws s3 cp s3://b a",
        "semantic-release publish",
        "curl -sSfLo x https://a.example/install.sh",
        "curl -G -d q=1 https://a.example",
        "curl -X POST -d @x https://api.github.com/repos/octo/demo/releases",
        "curl -X POST ${{ github.api_url }}/repos",
        'curl -X POST -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL"',
        "curl -d x http://localhost:8080/",
        "git push origin v1 --force",
        "git push https://x-access-token:T@github.com/octo/demo",
    ],
)
def test_commands_that_do_not(script: str) -> None:
    assert script_writes_outside(script) == ()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{run: npm publish}", NPM),
        (IMAGE % ", with: {push: true}", f"uses docker/build-push-action@v6, {PUSH}"),
        (IMAGE % ", with: {push: '${{ github.event_name }}'}", f"uses docker/build-push-action@v6, {PUSH}"),
        (IMAGE % ", with: {push: false}", None),
        (IMAGE % "", None),
    ],
)
def test_steps_that_write_outside(step: str, said: str | None) -> None:
    loaded = load_workflow(WORKFLOW.format(step=step), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    found = uploads_elsewhere((loaded.workflow, job) for job in loaded.workflow.jobs.values())
    assert [(finding.code, finding.message.split(":")[0]) for finding in found] == (
        [("writes-outside", f"Job publish {said}")] if said else []
    )


@pytest.mark.parametrize(
    ("script", "files", "hosts"),
    [
        (
            "uv publish",
            {"pyproject.toml": '[tool.uv]\npublish-url = "https://pkgs.corp.example/"'},
            ("pkgs.corp.example",),
        ),
        ("uv publish", {"uv.toml": 'publish-url = "https://pkgs.corp.example/"'}, ("pkgs.corp.example",)),
        ("uv publish", {"pyproject.toml": f'[tool.uv]\npublish-url = "{OWN}"'}, ()),
        ("uv publish", {"pyproject.toml": "[tool]\nuv = 1", "uv.toml": "broken ="}, ()),
        ("uv publish", {}, ()),
        ("uv build", {"uv.toml": 'publish-url = "https://pkgs.corp.example/"'}, ()),
    ],
)
def test_what_the_projects_own_settings_say(script: str, files: dict[str, str], hosts: tuple[str, ...]) -> None:
    def read(name: str) -> bytes | None:
        return files[name].encode() if name in files else None

    assert foreign_indexes_of_project(script, read) == hosts

"""What a step would write for real is seen, so that it is passed over."""

from __future__ import annotations

import pytest

from simulator.indexes import indexes
from simulator.planning.outside import script_writes_outside, writes_outside
from simulator.planning.tools import given_inputs
from simulator.planning.uploads import (
    foreign_indexes_of_action,
    foreign_indexes_of_project,
    foreign_indexes_of_script,
)
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Step

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


def step_of(text: str) -> Step:
    loaded = load_workflow(WORKFLOW.format(step=text), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    return loaded.workflow.jobs["publish"].steps[0]


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
    given = step_of(step)
    if given.uses is not None:
        found = foreign_indexes_of_action(given.uses.value, given_inputs(given))
    else:
        assert given.run is not None
        found = foreign_indexes_of_script(given.run.source, {name: text.source for name, text in given.env.items()})
    assert list(found) == ([host] if host else [])


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
    assert writes_outside(step_of(step)) == ((said,) if said else ())


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

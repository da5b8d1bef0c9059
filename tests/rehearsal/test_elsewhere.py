"""What a step would write for real is seen, so that it is passed over."""

from __future__ import annotations

import pytest

from simulator.planning.outside import action_writes_outside, script_writes_outside
from simulator.planning.tools import given_inputs
from simulator.rehearsal.elsewhere import published_elsewhere
from simulator.workflow.loader import load_workflow

WORKFLOW = """\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - {step}
"""
NPM = "runs npm publish, which publishes to an npm registry"
CURL = "runs curl, which sends data to %s"
PUSH = "which pushes an image to a registry"
IMAGE = "{uses: docker/build-push-action@v6%s}"
ATTEST = "{uses: actions/attest@v4, with: {subject-name: image%s}}"


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
        (ATTEST % ", push-to-registry: true", "uses actions/attest@v4, which pushes an attestation to a registry"),
        (ATTEST % "", None),
        (IMAGE % ", with: {push: false}", None),
        (IMAGE % "", None),
    ],
)
def test_steps_that_write_outside(step: str, said: str | None) -> None:
    loaded = load_workflow(WORKFLOW.format(step=step), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    (given,) = loaded.workflow.jobs["publish"].steps
    if given.uses is not None:
        found = [action_writes_outside(given.uses.value, given_inputs(given))]
    else:
        assert given.run is not None
        found = list(script_writes_outside(given.run.source))
    assert found == [said]


def test_what_another_index_got_is_a_warning() -> None:
    one, several = published_elsewhere({"pkgs.corp.example": 1, "devpi.example": 3}, {"devpi.example": ["publish"]})
    assert (one.unrehearsed, several.unrehearsed) == ((), ("publish",))
    assert (one.code, one.severity.value) == ("publishes-elsewhere", "warning")
    assert one.message.startswith("uploaded 1 file to pkgs.corp.example (a stand-in;")
    assert several.message.startswith("uploaded 3 files to devpi.example (a stand-in;")

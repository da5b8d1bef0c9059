"""Rehearsals whose jobs use containers: Docker actions, job containers, services, and Docker itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.release.conftest import MakeRepository
from tests.release.driving import TINY, WORKFLOW, Repository

IMAGE = "pysim-test/image:1"
HEAD = "on:\n  push:\n    tags: ['v*']\njobs:\n  one:\n    runs-on: ubuntu-latest\n"


@pytest.fixture(scope="session")
def image(require_docker: None) -> Iterator[str]:
    """An image of this machine that is nobody's."""
    import docker

    from simulator.engines.docker_engine import DockerEngine

    engine = DockerEngine()
    engine.prepare(print)
    client = docker.from_env()
    try:
        client.images.get(engine.image.partition(" ")[0]).tag(IMAGE)
        yield IMAGE
        client.images.remove(IMAGE)
    finally:
        client.close()


@pytest.fixture
def repository(copy_of: MakeRepository, image: str) -> Repository:
    return copy_of(TINY, "docker")


ACTION = {
    "action.yml": """\
name: It
inputs:
  who: {default: world}
  my-file: {default: '${{ github.workspace }}/made.txt'}
outputs:
  said: {description: what was said}
runs:
  using: docker
  image: Dockerfile
  env: {FROM_THE_ACTION: '${{ inputs.who }}', GIVEN: not this}
  args: ['${{ inputs.who }}', '', 'two words "quoted"']
  post-entrypoint: /post.sh
""",
    "Dockerfile": f'FROM {IMAGE}\nCOPY *.sh /\nENTRYPOINT ["/main.sh"]\n',
    "main.sh": """\
#!/bin/bash -e
for word in "$@"; do echo "argument <$word>"; done
echo "$PWD $HOME $GITHUB_WORKSPACE $RUNNER_TEMP $GITHUB_EVENT_PATH ${GITHUB_OUTPUT%/*} ${ACTIONS_CACHE_SERVICE_V2-0}"
env | grep -E '^(INPUT_|FROM_|GIVEN|ADDED)' | sort
case $PATH in *added*) echo GITHUB_PATH was applied;; esac
test -n "$ACTIONS_RUNTIME_TOKEN" && test -s "$GITHUB_EVENT_PATH"
echo 'said=hello' >> $GITHUB_OUTPUT; echo 'LATER=yes' >> $GITHUB_ENV; echo kept=1 >> $GITHUB_STATE
echo "::notice::from the container"
touch made.txt
""",
    "post.sh": '#!/bin/bash\necho "post $STATE_kept $INPUT_WHO"\n',
}
STEPS = f"""\
    steps:
      - uses: actions/checkout@v4
      - run: chmod +x it/*.sh; echo /added >> $GITHUB_PATH; echo ADDED=1 >> $GITHUB_ENV
      - id: it
        uses: ./it
        with: {{who: you}}
        env: {{GIVEN: by the step}}
      - run: test "${{{{ steps.it.outputs.said }}}}" = hello && test $LATER = yes && test -f made.txt
      - uses: docker://{IMAGE}
        with:
          entrypoint: /bin/sh
          args: -c "echo in an image; exit 3"
        continue-on-error: true
"""


@pytest.mark.docker
def test_docker_actions(repository: Repository) -> None:
    for name, text in ACTION.items():
        repository.write(f"it/{name}", text)
    repository.write(WORKFLOW, HEAD + STEPS)
    done = repository.rehearse("--source", "worktree")
    log = done.log("one")
    assert done.conclusions == {"one": "success"}, log
    for line in (
        'argument <you>\nargument <>\nargument <two words "quoted">\n',
        "/github/workspace /github/home /github/workspace /github/runner_temp /github/workflow/event.json",
        "event.json /github/file_commands 0\n",
        "ADDED=1\nFROM_THE_ACTION=you\nGIVEN=by the step\nINPUT_MY-FILE=/github/workspace/made.txt\nINPUT_WHO=you\n",
        "from the container",
        "post 1 you",
        "in an image\nDocker run failed with exit code 3.",
    ):
        assert line in log
    assert "GITHUB_PATH was applied" not in log
    assert f"Pull {IMAGE}" in [event["name"] for event in done.events if event["type"] == "step-started"]


@pytest.mark.local
def test_the_reason_is_said_before_anything_runs_where_there_is_no_daemon(copy_of: MakeRepository) -> None:
    repository = copy_of(TINY, "local")
    for name, text in ACTION.items():
        repository.write(f"it/{name}", text)
    repository.write(WORKFLOW, HEAD + STEPS)
    done = repository.rehearse("--source", "worktree")
    assert done.code == 1
    assert "no Docker daemon" in json.dumps(done.summary["findings"])
    assert not done.log("one")


@pytest.mark.docker
def test_an_image_can_stand_for_another_one(repository: Repository) -> None:
    step = "    steps:\n      - uses: docker://registry.example/it:1\n        with: {args: echo that is it}\n"
    repository.write(WORKFLOW, HEAD + step)
    done = repository.rehearse("--source", "worktree", "--offline", "--image", f"registry.example/it:1={IMAGE}")
    assert "that is it" in done.log("one"), done.log("one")
    missing = repository.rehearse("--source", "worktree", "--offline")
    assert missing.conclusions == {"one": "failure"}
    assert "registry.example/it:1 is not on this machine, and --offline pulls none" in missing.log("one")

"""Rehearsals whose jobs use containers: Docker actions, job containers, services, and Docker itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.release.driving import TINY, WORKFLOW, MakeRepository, Repository

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
        with suppress(docker.errors.ImageNotFound):
            client.images.remove(IMAGE, force=True)
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
def test_the_reason_is_said_where_there_is_no_daemon(copy_of: MakeRepository) -> None:
    repository = copy_of(TINY, "local")
    for name, text in ACTION.items():
        repository.write(f"it/{name}", text)
    repository.write(WORKFLOW, HEAD + STEPS)
    done = repository.rehearse("--source", "worktree")
    assert (done.code, done.verdict) == (6, "not-rehearsed")
    assert "no Docker daemon" in json.dumps(done.summary["findings"])


@pytest.mark.docker
def test_an_image_can_stand_for_another_one(repository: Repository) -> None:
    step = "    steps:\n      - uses: docker://registry.example/it:1\n        with: {args: echo that is it}\n"
    repository.write(WORKFLOW, HEAD + step)
    done = repository.rehearse("--source", "worktree", "--offline", "--image", f"registry.example/it:1={IMAGE}")
    assert "that is it" in done.log("one"), done.log("one")
    missing = repository.rehearse("--source", "worktree", "--offline")
    assert missing.conclusions == {"one": "failure"}
    assert (
        "registry.example/it:1 is not on this machine, and the rehearsal is offline, so nothing is pulled"
        in missing.log("one")
    )


JOB_CONTAINER = f"""\
    container:
      image: {IMAGE}
      env: {{OF_THE_CONTAINER: "1"}}
      options: --memory 512m
    env: {{WORKSPACE: "${{{{ github.workspace }}}}/x"}}
    steps:
      - uses: actions/checkout@v4
      - id: where
        run: |
          echo "$0"
          echo "$PWD $GITHUB_WORKSPACE $RUNNER_TEMP $HOME $GITHUB_EVENT_PATH $WORKSPACE"
          id -u; echo $OF_THE_CONTAINER; cat /proc/1/cmdline | tr '\\0' ' '; echo
          test -f pyproject.toml && test -s $GITHUB_EVENT_PATH
          mkdir -p dist bin; echo built > dist/file.txt
          echo "$PWD/bin" >> $GITHUB_PATH; echo MORE=yes >> $GITHUB_ENV; echo x=1 >> $GITHUB_OUTPUT
          printf '#!/bin/sh\\necho from GITHUB_PATH\\n' > bin/own; chmod +x bin/own
      - run: own; echo "$MORE ${{{{ steps.where.outputs.x }}}} ${{{{ job.container.id != '' }}}}"
        shell: bash
      - uses: ./js
      - uses: ./it
      - uses: actions/upload-artifact@v4
        with: {{name: dist, path: dist/}}
      - uses: actions/download-artifact@v4
        with: {{name: dist, path: again}}
      - run: cat again/file.txt; sleep 600
        timeout-minutes: 0.02
      - run: echo after
        if: always()
"""


@pytest.mark.docker
def test_the_steps_of_a_job_run_in_a_container(repository: Repository) -> None:
    for name, text in ACTION.items():
        repository.write(f"it/{name}", text.replace("GIVEN", "GIVEN_HERE"))
        if name.endswith(".sh"):
            (repository.root / "it" / name).chmod(0o755)
    repository.write("js/action.yml", "runs: {using: node24, main: main.js, post: post.js}\n")
    repository.write("js/main.js", "console.log('node in', process.cwd(), process.execPath, process.env.HOME)\n")
    repository.write("js/post.js", "console.log('post of node in', process.cwd())\n")
    job = JOB_CONTAINER.replace("0.02", "1").replace("sleep 600", "true")
    repository.write(WORKFLOW, HEAD + job)
    done = repository.rehearse("--source", "worktree")
    log = done.log("one")
    assert done.conclusions == {"one": "success"}, log
    for line in (
        "/__w/repository/repository /__w/repository/repository /__w/_temp /github/home /github/workflow/event.json",
        "event.json /__w/repository/repository/x\n0\n1\ntail -f /dev/null",
        "from GITHUB_PATH\nyes 1 true",
        "node in /__w/repository/repository /__e/node24/bin/node /github/home",
        "post of node in /__w/repository/repository",
        "argument <world>",
        "built",
        "after",
    ):
        assert line in log, log


SERVER = """
import http.server, os
open("/data/up", "w").close()
print(os.environ["NAME"], flush=True)
http.server.test(http.server.SimpleHTTPRequestHandler, port=8080)
"""
ASK = "import sys, urllib.request as u; print(*[u.urlopen(address).status for address in sys.argv[1:]])"
SERVICES = f"""\
    services:
      web:
        image: {IMAGE}
        env:
          NAME: its own
          SERVER: {json.dumps(SERVER)}
        ports: ['8081:8080']
        volumes: ['data:/data']
        options: --health-cmd "test -e /data/up" --health-interval 1s --entrypoint python3
        command: -c 'import os; exec(os.environ["SERVER"])'
      off:
        image: ${{{{ github.ref_type == 'branch' && 'x' || '' }}}}
    steps:
      - run: |
          python3 -c '{ASK}' http://localhost:8081 http://web:8080
          echo "port ${{{{ job.services.web.ports['8080'] }}}} ${{{{ job.services.web.id != '' }}}}"
"""


@pytest.mark.docker
def test_services(repository: Repository) -> None:
    repository.write(WORKFLOW, HEAD + SERVICES)
    done = repository.rehearse("--source", "worktree")
    log = done.log("one")
    assert done.conclusions == {"one": "success"}, log
    assert "web service is starting, waiting 2 seconds before checking again.\nweb service is healthy." in log
    assert "200 200\nport 8081 true" in log
    assert "its own" in log, "its log is shown in the end"
    assert "The service off has an empty image" in log
    repository.edit(WORKFLOW, ("test -e /data/up", "false"), ("interval 1s", "interval 1s --health-retries 1"))
    ill = repository.rehearse("--source", "worktree")
    assert ill.conclusions == {"one": "failure"}
    assert f"Failed to initialize container {IMAGE}\nOne or more containers failed to start." in ill.log("one")
    names = [event["name"] for event in ill.events if event["type"] == "step-started"]
    assert names[:2] == ["Set up job", "Initialize containers"]
    assert names[-2:] == ["Stop containers", "Complete job"]


DOCKER = f"""\
    steps:
      - uses: actions/checkout@v4
      - run: |
          docker run --rm -v "$PWD:/project" -w /project {IMAGE} sh -c 'ls pyproject.toml; mkdir dist; echo x > dist/f'
          ls dist
"""


@pytest.mark.docker
def test_docker_in_a_step(repository: Repository) -> None:
    repository.write(WORKFLOW, HEAD + DOCKER)
    done = repository.rehearse("--source", "worktree")
    assert done.conclusions == {"one": "success"}, done.log("one")
    assert "pyproject.toml\nf" in done.log("one")


@pytest.mark.local
def test_why_there_is_no_docker_in_a_step(copy_of: MakeRepository) -> None:
    repository = copy_of(TINY, "local")
    repository.write(WORKFLOW, HEAD + "    steps:\n      - run: test ! -e /var/run/docker.sock\n")
    done = repository.rehearse("--source", "worktree")
    assert done.conclusions == {"one": "success"}, done.log("one")
    assert "Docker is not there for steps: the local engine has no Docker daemon" in done.log("one")


@pytest.mark.docker
def test_no_build_reads_this_machine_through_a_link_of_an_action(repository: Repository) -> None:
    outside = repository.root.parent / "outside"
    outside.mkdir()
    (outside / "Dockerfile").write_text(f'FROM {IMAGE}\nCOPY secret /\nENTRYPOINT ["cat", "/secret"]\n')
    (outside / "secret").write_text("of this machine")
    action = repository.root.parent / "action"
    action.mkdir()
    (action / "link").symlink_to(outside)
    (action / "action.yml").write_text("name: It\nruns: {using: docker, image: link/Dockerfile}\n")
    repository.write(WORKFLOW, HEAD + "    steps:\n      - uses: octo/it@v1\n")
    done = repository.rehearse("--source", "worktree", "--local-repository", f"octo/it@v1={action}")
    assert "'link/Dockerfile' leads out of the repository of octo/it@v1" in done.log("one")
    assert "of this machine" not in done.log("one")

"""Docker actions, job containers and services: what the runner asks of the engine, and what a job's log tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.run_events import Annotation
from tests.runner.driving import Case

ACTION = """
    inputs: {who: {default: world}}
    outputs: {}
    runs:
      using: docker
      image: Dockerfile
      entrypoint: show INPUT_WHO STATE_KEPT HOME GITHUB_WORKSPACE GITHUB_PATH PATH OWN
      args: ["say ${{ inputs.who }}", "", "state KEPT=1", "env LATER=yes", "output x=1"]
      env: {OWN: "${{ inputs.who }}"}
      pre-entrypoint: say before
      post-entrypoint: show STATE_KEPT
"""
CASES = {
    "a Docker action of the workspace": Case(
        world={"containers": True, "files": {"act/action.yml": ACTION.replace("GITHUB_PATH ", "")}},
        steps="""
            - {id: act, uses: ./act, with: {who: you}}
            - run: show LATER
            - run: say ${{ steps.act.outputs.x }}
        """,
        says="""
            Run ./act: success
              ? `pre` execution is not supported for local action from './act'
              Step 1/1 : FROM octo/tool ./act
              INPUT_WHO=you
              STATE_KEPT is not set
              HOME=/github/home
              GITHUB_WORKSPACE=/github/workspace
              PATH is not set
              OWN=you
              you
            Run show LATER: success
              LATER=yes
            Run say 1: success
              1
            Post Run ./act: success
              Post job cleanup.
              STATE_KEPT=1
              you
            = success
        """,
    ),
    "a Docker action of a repository": Case(
        world={
            "containers": True,
            "actions": {
                "o/act@v1": {
                    "action.yml": """
                        runs: {using: docker, image: "docker://img:1", pre-entrypoint: say before, args: [say on]}
                    """
                }
            },
        },
        steps="- uses: o/act@v1",
        says="""
            Pull img:1: success
              Pulling img:1
            Pre Run o/act@v1: success
              before
              on
            Run o/act@v1: success
              on
            = success
        """,
    ),
    "an image with words of its own": Case(
        world={"containers": True},
        steps="""
            - {uses: "docker://img:1", with: {entrypoint: say one, args: '"say two" "say  3"'}}
            - {uses: "docker://img:1", with: {args: '"exit 9"'}, continue-on-error: true}
            - {uses: "docker://img:1", with: {args: '"exit 4"'}}
        """,
        says="""
            Pull img:1: success
              Pulling img:1
            Run img:1: success
              one
              two
               3
            Run img:1: failure -> success
              ! Docker run failed with exit code 9.
            Run img:1: failure
              ! Docker run failed with exit code 4.
            = failure
        """,
    ),
    "a Docker action that takes too long": Case(
        world={"containers": True},
        steps="""
            - {uses: "docker://img:1", with: {args: '"take 5"'}, timeout-minutes: 2}
        """,
        says="""
            Pull img:1: success
              Pulling img:1
            Run img:1: failure
              ! The action 'Run img:1' has timed out after 2 minutes.
            = failure
        """,
    ),
}

CASES |= {
    "steps in a container": Case(
        world={
            "containers": True,
            "files": {"js/action.yml": "runs: {using: node20, main: m.js}", "js/m.js": "folder"},
        },
        job="""
            container: {image: "docker://img:${{ github.ref_name }}", env: {A: b}}
        """,
        steps="""
            - run: |
                show GITHUB_WORKSPACE RUNNER_TEMP RUNNER_TOOL_CACHE GITHUB_EVENT_PATH PATH HOME HERE
                path /home/runner/work/_temp/bin
                env LATER=yes
              env: {HERE: "${{ github.workspace }}/x"}
            - {run: "show PATH LATER\\nfolder", working-directory: sub}
            - uses: ./js
            - run: say ::warning file=/__w/tool/tool/src/a.py::look
            - run: say ${{ job.container.id }} ${{ job.container.network }}
              shell: bash
        """,
        says="""
            Initialize containers: success
              The containers of this job share one network: fake-network
              Pulling img:v1
              c0
            Run show GITHUB_WORKSPACE RUNNER_TEMP RUNNER_TOOL_CACHE GITHUB_EVENT_PATH PATH HOME HERE: success
              GITHUB_WORKSPACE=/__w/tool/tool
              RUNNER_TEMP=/__w/_temp
              RUNNER_TOOL_CACHE=/__t
              GITHUB_EVENT_PATH=/github/workflow/event.json
              PATH=/bin
              HOME is not set
              HERE=/__w/tool/tool/x
            Run show PATH LATER: success
              PATH=/__w/_temp/bin:/bin
              LATER=yes
              /__w/tool/tool/sub
            Run ./js: success
              /__w/tool/tool
            Run say ::warning file=/__w/tool/tool/src/a.py::look: success
              ? look
            Run say c0 fake-network: success
              c0 fake-network
            Stop containers: success
              Stop and remove container: c0
            = success
        """,
    ),
    "services": Case(
        world={"containers": True, "secrets": {"PASSWORD": "hush"}},
        job="""
            services:
              db:
                image: img:1
                ports: ["5433:5432", 80]
                credentials: {username: me, password: "${{ secrets.PASSWORD }}"}
                env: {A: "${{ github.ref_name }}"}
              none: {image: "${{ vars.nothing }}"}
        """,
        steps="""
            - run: say ${{ job.services.db.id }} ${{ join(job.services.db.ports.*) }} ${{ job.services.none.id }}
        """,
        says="""
            Initialize containers: success
              The containers of this job share one network: fake-network
              Pulling img:1
              c0
              The service none has an empty image: it is not started.
              db service is ready: nothing checks its health.
            Run say c0 5433,32768: success
              c0 5433,32768
            Stop containers: success
              what it printed
              Stop and remove container: c0
            = success
        """,
    ),
    "a service whose image cannot be had": Case(
        world={"containers": True},
        job="services: {db: {image: 'missing:1', ports: [1]}}",
        steps="""
            - run: say never
            - {run: say always, if: always()}
        """,
        says="""
            Initialize containers: failure
              The containers of this job share one network: fake-network
              ! Docker pull failed for missing:1: no such image
            Run say never: skipped
            Run say always: success
              always
            Stop containers: success
            = failure
        """,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_transcripts(case: Case, tmp_path: Path) -> None:
    assert case.run(temporary=tmp_path).transcript("build") == case.expected


def test_annotations_of_a_container_have_paths_of_the_workspace() -> None:
    ran = CASES["steps in a container"].run()
    (note,) = [event for event in ran.events if isinstance(event, Annotation)]
    assert note.file == "src/a.py"


def test_what_the_daemon_fetches_is_a_request_of_the_job() -> None:
    ran = CASES["services"].run()
    asked = [(each.twin, each.host, each.path, each.status) for each in ran.twins.requests]
    assert asked == [("outside", "registry.example", "/v2/img:1", 200)]

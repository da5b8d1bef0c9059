"""Docker actions, job containers and services: what the runner asks of the engine, and what a job's log tells."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_transcripts(case: Case, tmp_path: Path) -> None:
    assert case.run(temporary=tmp_path).transcript("build") == case.expected

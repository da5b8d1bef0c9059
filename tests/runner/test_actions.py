"""`uses:` steps: inputs, composite actions, JavaScript actions with their three parts, and those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.engines.base import LAYOUT
from simulator.run_events import FindingRaised
from tests.runner.driving import WORKSPACE, Case, World, composite, job_of
from tests.runner.machine import NODES

GREET = """
    inputs:
      who: {required: true}
      how: {default: 'hello from ${{ github.ref_name }}'}
      old: {deprecationMessage: use who}
    outputs:
      said: {value: '${{ steps.say.outputs.said }}'}
      none: {value: '${{ steps.gone.outputs.x }}'}
    runs:
      using: composite
      steps:
        - id: say
          run: |
            say ${{ inputs.how }}, ${{ inputs.who }}
            output said=${{ inputs.who }}
          shell: bash
"""


NPM = "runs npm publish, which publishes to an npm registry"
COMPOSITES = {
    "inputs, defaults and outputs": Case(
        world={"files": {"greet/action.yml": GREET}},
        steps="""
            - id: one
              uses: ./greet
              with: {who: world}
            - run: say ${{ steps.one.outputs.said }} ${{ steps.say.outputs.said }}.
        """,
        says="""
            Run ./greet: success
              hello from v1, world
            Run say world .: success
              world .
            = success
        """,
    ),
    "inputs that it does not have, and old ones": Case(
        world={"files": {"greet/action.yml": GREET}},
        steps="""
            - uses: ./greet
              with: {Who: you, whom: x, old: y}
        """,
        says="""
            Run ./greet: success
              ? Input 'old' has been deprecated with message: use who
              ? Unexpected input(s) 'whom', valid inputs are ['who', 'how', 'old']
              hello from v1, you
            = success
        """,
    ),
    "what would write outside for real is passed over": Case(
        world={"files": {"push/action.yml": composite("- {run: 'npm ${{ inputs.verb }}', shell: bash}")}},
        steps="""
            - uses: ./push
              with: {verb: publish}
        """,
        says=f"""
            Run ./push: success
              ? Unexpected input(s) 'verb', valid inputs are ['']
              i Not rehearsed: A step {NPM}, and pysim does not stand in for that: a rehearsal would do it for real
            = success
        """,
    ),
    "GITHUB_ENV and GITHUB_PATH are the job's, but the step's own env wins inside": Case(
        job="env: {A: job, B: job}",
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - run: |
                        env A=inside
                        env B=inside
                        env NEW=inside
                        path /opt/x
                      shell: bash
                    - run: show A B NEW
                      shell: bash
                    - run: show B
                      shell: bash
                      env: {B: own}
                    """
                )
            }
        },
        steps="""
            - uses: ./act
              env: {B: step}
            - run: show A B NEW PATH
              env: {PATH: /bin}
        """,
        says="""
            Run ./act: success
              A=inside
              B=step
              NEW=inside
              B=own
            Run show A B NEW PATH: success
              A=inside
              B=inside
              NEW=inside
              PATH=/opt/x:/bin
            = success
        """,
    ),
    "a failed step inside is followed by those that ask for it": Case(
        world={
            "files": {
                "act/action.yml": """
                    outputs: {done: {value: '${{ steps.last.outcome }}'}}
                    runs:
                      using: composite
                      steps:
                        - {id: bad, run: exit 2, shell: bash}
                        - {run: say never, shell: bash}
                        - run: say ${{ steps.bad.conclusion }} ${{ github.action_status }}
                          shell: bash
                          if: failure()
                        - {id: last, run: say always, shell: bash, if: always()}
                """
            }
        },
        steps="""
            - id: act
              uses: ./act
              continue-on-error: true
            - run: say ${{ steps.act.outcome }} ${{ steps.act.outputs.done }}
        """,
        says="""
            Run ./act: failure -> success
              ! Process completed with exit code 2.
              failure failure
              always
            Run say failure success: success
              failure success
            = success
        """,
    ),
    "continue-on-error inside": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - {run: exit 2, shell: bash, continue-on-error: true}
                    - {run: say on, shell: bash}
                    """
                )
            }
        },
        steps="- uses: ./act",
        says="""
            Run ./act: success
              ! Process completed with exit code 2.
              on
            = success
        """,
    ),
    "success() inside looks at the action alone": Case(
        world={"files": {"act/action.yml": composite("- {run: say on, shell: bash}")}},
        steps="""
            - run: exit 1
            - uses: ./act
              if: always()
        """,
        says="""
            Run exit 1: failure
              ! Process completed with exit code 1.
            Run ./act: success
              on
            = failure
        """,
    ),
    "steps inside and outside do not see each other": Case(
        world={
            "files": {
                "act/action.yml": composite("- {id: in, run: 'say ${{ steps.out.outcome }}.', shell: bash}"),
            }
        },
        steps="""
            - id: out
              run: say first
            - uses: ./act
            - run: say ${{ steps.in.outcome }}.
        """,
        says="""
            Run say first: success
              first
            Run ./act: success
              .
            Run say .: success
              .
            = success
        """,
    ),
    "the job's defaults do not count inside, folders are the workspace's": Case(
        job="defaults: {run: {working-directory: own, shell: python}}",
        world={
            "files": {
                "own/x": "",
                "sub/x": "",
                "act/action.yml": composite(
                    """
                    - {run: folder, shell: bash}
                    - {run: folder, shell: bash, working-directory: sub}
                    """
                ),
            }
        },
        steps="- uses: ./act",
        says=f"""
            Run ./act: success
              {WORKSPACE}
              {WORKSPACE}/sub
            = success
        """,
    ),
    "nested, each with its own folder, the variables of the job's step": Case(
        world={
            "files": {
                "outer/action.yml": composite(
                    """
                    - {run: show GITHUB_ACTION_PATH GITHUB_ACTION, shell: bash}
                    - {uses: ./inner, env: {A: nested}, with: {x: '${{ inputs.none }}.'}}
                    - {run: show GITHUB_ACTION_PATH A, shell: bash}
                    """
                ),
                "inner/action.yml": "inputs: {x: {}}\n"
                + composite("- {run: 'show GITHUB_ACTION_PATH GITHUB_ACTION A INPUT_X', shell: bash}"),
            }
        },
        steps="""
            - uses: ./outer
            - run: show GITHUB_ACTION_PATH GITHUB_ACTION
        """,
        says=f"""
            Run ./outer: success
              GITHUB_ACTION_PATH={WORKSPACE}/outer
              GITHUB_ACTION=__self
              GITHUB_ACTION_PATH={WORKSPACE}/inner
              GITHUB_ACTION=__self
              A=nested
              INPUT_X is not set
              GITHUB_ACTION_PATH={WORKSPACE}/outer
              A is not set
            Run show GITHUB_ACTION_PATH GITHUB_ACTION: success
              GITHUB_ACTION_PATH is not set
              GITHUB_ACTION=__run
            Post Run ./outer: success
              Post job cleanup.
            = success
        """,
    ),
    "an action that uses itself ends": Case(
        world={"files": {"act/action.yml": composite("- uses: ./act")}},
        steps="- uses: ./act",
        says="""
            Run ./act: failure
              ! Composite action depth exceeded max depth 9
            Post Run ./act: success
"""
        + 10 * "              Post job cleanup.\n"
        + "            = failure",
    ),
    "an action that an earlier step made": Case(
        steps="""
            - run: "add made/action.yml {runs: {using: composite, steps: [{run: say made, shell: bash}]}}"
            - uses: ./made
        """,
        says="""
            Run add made/action.yml {runs: {using: composite, steps: [{run: say made, shell: bash}]}}: success
            Run ./made: success
              made
            = success
        """,
    ),
    "a command that stops commands, in one step inside, does not do so in the next": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - {run: 'say ::stop-commands::token', shell: bash}
                    - {run: 'say ::warning::heard', shell: bash}
                    """
                )
            }
        },
        steps="- uses: ./act",
        says="""
            Run ./act: success
              ::stop-commands::token
              ? heard
            = success
        """,
    ),
}

SCRIPTED = {
    "inputs and services reach a JavaScript action, and no run step": Case(
        world={
            "files": {
                "js/action.yml": """
                    inputs: {python-version: {default: '3.12'}, two words: {}, given: {default: no}}
                    runs: {using: node20, main: dist/main.js}
                """,
                "js/dist/main.js": "show INPUT_PYTHON-VERSION INPUT_TWO_WORDS INPUT_GIVEN INPUT_MORE"
                " ACTIONS_RUNTIME_TOKEN GITHUB_ACTION A\nfolder",
            }
        },
        steps="""
            - uses: ./js
              with: {given: 'yes', more: x}
              env: {A: a}
            - run: show INPUT_GIVEN ACTIONS_RUNTIME_TOKEN
        """,
        says=f"""
            Run ./js: success
              ? Unexpected input(s) 'more', valid inputs are ['python-version', 'two words', 'given']
              INPUT_PYTHON-VERSION=3.12
              INPUT_TWO_WORDS=
              INPUT_GIVEN=yes
              INPUT_MORE=x
              ACTIONS_RUNTIME_TOKEN=***
              GITHUB_ACTION=__self
              A=a
              {WORKSPACE}
            Run show INPUT_GIVEN ACTIONS_RUNTIME_TOKEN: success
              INPUT_GIVEN is not set
              ACTIONS_RUNTIME_TOKEN is not set
            = success
        """,
    ),
    "GITHUB_* wins over an input's variable, an input over env": Case(
        world={
            "files": {
                "js/action.yml": "inputs: {a: {}}\nruns: {using: node24, main: m.js}",
                "js/m.js": "show INPUT_A STATE_S GITHUB_REF",
            }
        },
        steps="""
            - uses: ./js
              with: {a: given}
              env: {INPUT_A: mine, STATE_S: mine, GITHUB_REF: mine}
        """,
        says="""
            Run ./js: success
              INPUT_A=given
              STATE_S=mine
              GITHUB_REF=refs/tags/v1
            = success
        """,
    ),
    "post parts, last first, also behind a failure; state goes from main to post": Case(
        world={
            "files": {
                "a/action.yml": "inputs: {x: {}}\nruns: {using: node20, main: m.js, post: p.js}",
                "a/m.js": "state KEY=of-a\nsay main a",
                "a/p.js": "show STATE_KEY INPUT_X LATER",
                "b/action.yml": "runs: {using: node20, main: m.js, post: p.js}",
                "b/m.js": "state KEY=of-b\nexit 1",
                "b/p.js": "show STATE_KEY",
                "c/action.yml": "runs: {using: node20, main: m.js, post: p.js}",
                "c/m.js": "say never",
                "c/p.js": "say never",
            }
        },
        steps="""
            - uses: ./a
              name: First ${{ github.ref_name }}
              with: {x: '${{ job.status }}'}
            - run: env LATER=on
            - uses: ./b
            - uses: ./c
        """,
        says="""
            First v1: success
              main a
            Run env LATER=on: success
            Run ./b: failure
            Run ./c: skipped
            Post Run ./b: success
              Post job cleanup.
              STATE_KEY=of-b
            Post First v1: success
              Post job cleanup.
              STATE_KEY=of-a
              INPUT_X=failure
              LATER=on
            = failure
        """,
    ),
    "post-if, and a post part that fails the job": Case(
        world={
            "files": {
                "a/action.yml": "runs: {using: node20, main: m.js, post: p.js, post-if: failure()}",
                "a/m.js": "say main",
                "a/p.js": "say never",
                "b/action.yml": "runs: {using: node20, main: m.js, post: p.js, post-if: success()}",
                "b/m.js": "say main",
                "b/p.js": "exit 1",
                "c/action.yml": "runs: {using: node20, main: m.js, post: p.js, post-if: \"format('{1}')\"}",
                "c/m.js": "say main",
                "c/p.js": "say never",
            }
        },
        steps="""
            - uses: ./a
            - uses: ./b
        """,
        says="""
            Run ./a: success
              main
            Run ./b: success
              main
            Post Run ./b: failure
              Post job cleanup.
            Post Run ./a: success
              Post job cleanup.
              never
            = failure
        """,
    ),
    "a post-if that cannot be evaluated fails its step": Case(
        world={
            "files": {
                "c/action.yml": "runs: {using: node20, main: m.js, post: p.js, post-if: \"format('{1}')\"}",
                "c/m.js": "say main",
                "c/p.js": "say never",
            }
        },
        steps="- uses: ./c",
        says="""
            Run ./c: success
              main
            Post Run ./c: failure
              ! The following format string references more arguments than were supplied: {1}. \
Located within expression: format('{1}')
            = failure
        """,
    ),
    "the pre part of a local action is not run": Case(
        world={
            "files": {
                "js/action.yml": "runs: {using: node20, pre: pre.js, main: m.js}",
                "js/pre.js": "say never",
                "js/m.js": "say main",
            }
        },
        steps="- uses: ./js",
        says="""
            Run ./js: success
              ? `pre` execution is not supported for local action from './js'
              main
            = success
        """,
    ),
    "the post part of an action inside a composite one has the inputs from there": Case(
        world={
            "files": {
                "act/action.yml": "inputs: {path: {}}\n"
                + composite("- {uses: ./js, with: {p: '${{ inputs.path }}'}, env: {E: '${{ inputs.path }}'}}"),
                "js/action.yml": "inputs: {p: {}}\nruns: {using: node20, main: m.js, post: p.js}",
                "js/m.js": "state A=inner",
                "js/p.js": "show INPUT_P STATE_A E OUTER",
            }
        },
        steps="""
            - uses: ./act
              with: {path: here}
              env: {OUTER: o}
        """,
        says="""
            Run ./act: success
            Post Run ./act: success
              Post job cleanup.
              Post job cleanup.
              INPUT_P=here
              STATE_A=inner
              E=here
              OUTER=o
            = success
        """,
    ),
    "the state of two actions inside one does not mix": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - uses: ./js
                      env: {N: '1'}
                    - uses: ./other
                    """
                ),
                "js/action.yml": "runs: {using: node20, main: m.js, post: p.js}",
                "js/m.js": "state A=of-js\noutput o=of-js",
                "js/p.js": "show STATE_A STATE_B",
                "other/action.yml": "runs: {using: node20, main: m.js, post: p.js}",
                "other/m.js": "state B=of-other",
                "other/p.js": "show STATE_A STATE_B",
            }
        },
        steps="- uses: ./act",
        says="""
            Run ./act: success
            Post Run ./act: success
              Post job cleanup.
              Post job cleanup.
              STATE_A is not set
              STATE_B=of-other
              Post job cleanup.
              STATE_A=of-js
              STATE_B is not set
            = success
        """,
    ),
}

UNEXPLAINED = (
    "to which none of the settings of twine upload that pysim reads gives an address: it could be a real release"
)
OUTSIDE = {
    "an upload to an index that nothing explains is passed over": Case(
        head="env: {TWINE_REPOSITORY: 'of-${{ github.ref_name }}'}",
        steps="""
            - run: twine upload dist/*
            - if: always()
              run: TWINE_REPOSITORY=corp twine upload dist/*
        """,
        says=f"""
            Run twine upload dist/*: success
              i Not rehearsed: A step uploads to the index of-v1, {UNEXPLAINED}
            Run TWINE_REPOSITORY=corp twine upload dist/*: success
              i Not rehearsed: A step uploads to the index corp, {UNEXPLAINED}
            = success
        """,
    ),
    "what has no effect but outside is passed over and told": Case(
        steps="""
            - id: cov
              uses: codecov/codecov-action@v5
              with: {token: '${{ github.ref_name }}', files: x.xml}
            - run: say ${{ steps.cov.outcome }} '${{ toJSON(steps.cov.outputs) }}'
        """,
        says="""
            Run codecov/codecov-action@v5: success
              i Not rehearsed: codecov/codecov-action@v5 would have sent coverage to Codecov.
            Run say success '{}': success
              success '{}'
            = success
        """,
    ),
}
REFUSED = {
    "a local Docker action": Case(
        world={"files": {"act/Dockerfile": "FROM x"}},
        steps="""
            - uses: ./act
            - run: say on
        """,
        says="""
            Run ./act: success
              i Not rehearsed: ./act is a Docker action, and the fake engine was given no answer for any
            Run say on: success
              on
            = success
        """,
    ),
    "an image": Case(
        steps="- uses: docker://alpine:3",
        says="""
            Run alpine:3: success
              i Not rehearsed: docker://alpine:3 is a Docker action, and the fake engine was given no answer for any
            = success
        """,
    ),
    "a local action that is not there": Case(
        steps="- uses: ./nowhere",
        says="""
            Run ./nowhere: failure
              ! Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under './nowhere'. Did you forget to run \
actions/checkout before running your local action? The folder is looked for in the workspace when the step runs.
            = failure
        """,
    ),
    "a local action that is broken": Case(
        world={"files": {"act/action.yml": "runs: {using: composite}"}},
        steps="- uses: ./act",
        says="""
            Run ./act: failure
              ! Fail to load act/action.yml: act/action.yml:1:7: error: Required property is missing: steps \
[missing-key]. Mend the manifest.
            = failure
        """,
    ),
    "an action with an env that is one expression": Case(
        world={"files": {"act/action.yml": composite("- {run: say x, shell: bash, env: \"${{ fromJSON('{}') }}\"}")}},
        steps="- uses: ./act",
        says="""
            Run ./act: success
              i Not rehearsed: ./act: Fail to load act/action.yml: act/action.yml:4:38: error: pysim does not \
carry out `env: ${{ }}` in a composite action yet [unsupported]
            = success
        """,
    ),
    "inside an action, something that is no reference": Case(
        world={"files": {"act/action.yml": composite("- uses: 'docker://'")}},
        steps="- uses: ./act",
        says="""
            Run ./act: failure
              ! Expected docker://image. Actual 'docker://'
            = failure
        """,
    ),
}

CASES = COMPOSITES | SCRIPTED | OUTSIDE | REFUSED


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_actions(case: Case) -> None:
    assert case.run().transcript("build") == case.expected


REMOTE = {
    "octo/js@v2": {
        "action.yml": """
            inputs: {a: {default: '${{ github.action_ref }}'}}
            runs: {using: node16, pre: pre.js, pre-if: github.ref_type == 'tag', main: m.js, post: p.js}
        """,
        "pre.js": "show INPUT_A GITHUB_ACTION_REF GITHUB_ACTION_REPOSITORY\nstate FROM=pre",
        "m.js": "show STATE_FROM GITHUB_ACTION\nstate FROM=main",
        "p.js": "show STATE_FROM",
    },
    "octo/quiet@v1": {
        "action.yml": "runs: {using: node24, pre: pre.js, pre-if: failure(), main: m.js}",
        "pre.js": "say never",
        "m.js": "say quiet",
    },
    "octo/many@main": {
        "action.yml": composite(
            """
            - run: |
                say [${{ github.action_ref }}] ${{ env.REF }}
                show GITHUB_ACTION_REF GITHUB_ACTION_REPOSITORY GITHUB_ACTION_PATH
              shell: bash
              env: {REF: '${{ github.action_repository }}@${{ github.action_ref }}'}
            """
        ),
    },
}


def test_pre_parts_come_before_all_steps(tmp_path: Path) -> None:
    steps = """
        - run: say first
        - uses: octo/js@v2
          name: JS
        - uses: octo/quiet@v1
    """
    ran = World(actions=REMOTE, temporary=tmp_path).run(job_of(steps))
    assert ran.transcript("build").splitlines() == [
        "Pre JS: success",
        "  INPUT_A=v2",
        "  GITHUB_ACTION_REF=v2",
        "  GITHUB_ACTION_REPOSITORY=octo/js",
        "Pre Run octo/quiet@v1: skipped",
        "Run say first: success",
        "  first",
        "JS: success",
        "  STATE_FROM=pre",
        "  GITHUB_ACTION=__octo_js",
        "Run octo/quiet@v1: success",
        "  quiet",
        "Post JS: success",
        "  Post job cleanup.",
        "  STATE_FROM=main",
        "= success",
    ]
    nodes = [process.argv for process in ran.machine.processes if "node" in process.argv[0]]
    assert nodes[0] == (f"{LAYOUT.externals}/node24/bin/node", f"{LAYOUT.actions}/octo/js/v2/pre.js")
    assert nodes[2][0] == f"{LAYOUT.externals}/node24/bin/node"


def test_pre_and_post_parts_inside_composite_actions(tmp_path: Path) -> None:
    """They are one step of the job's each, whose log they share; what began is ended backwards."""
    nested = {
        "octo/outer@v1": {
            "action.yml": "inputs: {who: {}}\n"
            + composite(
                """
                - {id: one, uses: octo/inner@v1, with: {name: '${{ inputs.who }}-1'}}
                - {uses: octo/middle@v1, if: inputs.who == 'nobody'}
                - {uses: octo/inner@v1, with: {name: '${{ inputs.who }}-2 ${{ steps.one.outputs.said }}'}}
                - {run: exit 3, shell: bash}
                """
            )
        },
        "octo/middle@v1": {"action.yml": composite("- {uses: octo/inner@v1, with: {name: deep}}")},
        "octo/inner@v1": {
            "action.yml": "inputs: {name: {}}\nruns: {using: node24, pre: b.js, main: m.js, post: p.js}",
            "b.js": "show INPUT_NAME GITHUB_ACTION_REPOSITORY\nstate mark=pre",
            "m.js": "show STATE_mark\nstate MARK=main\noutput said=hello",
            "p.js": "show INPUT_NAME STATE_mark STATE_MARK",
        },
    }
    ran = World(actions=nested, temporary=tmp_path).run(job_of("- {uses: octo/outer@v1, with: {who: me}}"))
    assert ran.transcript("build").splitlines() == [
        "Pre Run octo/outer@v1: success",
        *("  INPUT_NAME=me-1", "  GITHUB_ACTION_REPOSITORY=octo/inner"),
        *("  INPUT_NAME=deep", "  GITHUB_ACTION_REPOSITORY=octo/inner"),
        *("  INPUT_NAME=me-2 ", "  GITHUB_ACTION_REPOSITORY=octo/inner"),
        "Run octo/outer@v1: failure",
        *("  STATE_mark=pre", "  STATE_mark=pre"),
        "  ! Process completed with exit code 3.",
        "Post Run octo/outer@v1: success",
        "  Post job cleanup.",
        *("  Post job cleanup.", "  INPUT_NAME=me-2 hello", "  STATE_mark=main", "  STATE_MARK is not set"),
        *(
            "  Post job cleanup.",
            "  Post job cleanup.",
            "  INPUT_NAME=deep",
            "  STATE_mark=pre",
            "  STATE_MARK is not set",
        ),
        *("  Post job cleanup.", "  INPUT_NAME=me-1", "  STATE_mark=main", "  STATE_MARK is not set"),
        "= failure",
    ]


@pytest.mark.parametrize("look", ["no", "yes"])
def test_a_refused_action_inside_another_one_is_told_where_its_step_runs(tmp_path: Path, look: str) -> None:
    step = "- {uses: mxschmitt/action-tmate@v3, if: inputs.look == 'yes'}"
    files = {"octo/a@v1": {"action.yml": f"inputs: {{look: {{default: '{look}'}}}}\n{composite(step)}"}}
    ran = World(actions=files, temporary=tmp_path).run(job_of("- uses: octo/a@v1"))
    assert ran.conclusions == {"build": "success"}
    found = [event.finding for event in ran.events if isinstance(event, FindingRaised)]
    assert [each.unrehearsed for each in found] == ([("build",)] if look == "yes" else [])
    assert ("pysim does not run mxschmitt/action-tmate@v3" in ran.transcript("build")) == (look == "yes")


def test_one_that_cannot_be_had_is_passed_over_where_its_step_runs(tmp_path: Path) -> None:
    files = {"octo/a@v1": {"action.yml": composite("- uses: octo/b@v1")}}
    ran = World(actions=files, temporary=tmp_path).run(job_of("- run: say first\n- uses: octo/a@v1"))
    assert ran.conclusions == {"build": "success"}
    assert "Not rehearsed: " in ran.transcript("build")
    assert "octo/b@v1" in ran.transcript("build")


@pytest.mark.parametrize(
    ("declared", "env", "nodes", "major", "said"),
    [
        (12, {}, NODES, 24, []),
        (20, {}, NODES, 24, []),
        (24, {}, NODES, 24, []),
        (20, {"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION": "true"}, NODES, 20, ["have no Node 20 since"]),
        (24, {"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION": "true"}, NODES, 24, []),
        (
            16,
            {"ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION": "true", "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24": "true"},
            NODES,
            24,
            ["Using the default Node version: node24."],
        ),
        (20, {}, {20: "v22.1.0", 24: "v26.0.1"}, 24, ["Node 24 is not here: Node v26.0.1 runs the action instead."]),
        (24, {}, {20: "v20.20.2"}, 20, ["Node 24 is not here: Node v20.20.2 runs the action instead."]),
    ],
)
def test_which_node_runs_an_action(
    declared: int, env: dict[str, str], nodes: dict[int, str], major: int, said: list[str]
) -> None:
    files = {"js/action.yml": f"runs: {{using: node{declared}, main: m.js}}", "js/m.js": "say x"}
    ran = World(files=files, nodes=nodes).run(job_of(f"- uses: ./js\n  env: {env}"))
    assert ran.conclusions == {"build": "success"}
    (node,) = (process.argv[0] for process in ran.machine.processes)
    assert node == f"{LAYOUT.externals}/node{major}/bin/node"
    notes = [line for line in ran.lines("build") if " Node " in line]
    assert len(notes) == len(said)
    assert all(words in note for words, note in zip(said, notes, strict=True))


def test_without_any_node_the_step_fails() -> None:
    files = {"js/action.yml": "runs: {using: node20, main: m.js}", "js/m.js": "say x"}
    ran = World(files=files, nodes={}).run(job_of("- uses: ./js"))
    assert "! There is no Node for JavaScript actions here." in ran.transcript("build")


def test_an_action_that_only_began_has_a_post_part(tmp_path: Path) -> None:
    ran = World(actions=REMOTE, temporary=tmp_path).run(job_of("- uses: octo/js@v2\n  if: false"))
    assert [line for line in ran.transcript("build").splitlines() if not line.startswith("  ")] == [
        "Pre Run octo/js@v2: success",
        "Run octo/js@v2: skipped",
        "Post Run octo/js@v2: success",
        "= success",
    ]


def test_a_remote_composite_knows_its_reference_in_env_alone(tmp_path: Path) -> None:
    ran = World(actions=REMOTE, temporary=tmp_path).run(job_of("- uses: octo/many@main"))
    assert ran.transcript("build").splitlines() == [
        "Run octo/many@main: success",
        "  [] octo/many@main",
        "  GITHUB_ACTION_REF is not set",
        "  GITHUB_ACTION_REPOSITORY is not set",
        f"  GITHUB_ACTION_PATH={LAYOUT.actions}/octo/many/main",
        "= success",
    ]


def test_the_head_of_an_action(tmp_path: Path) -> None:
    files = {"js/action.yml": "inputs: {b: {default: d}, c: {}}\nruns: {using: node20, main: m.js}", "js/m.js": "say x"}
    ran = World(files=files).run(job_of("- uses: ./js\n  with: {a: given}\n  env: {E: e}"))
    lines = ran.lines("build")
    begin = lines.index("Run ./js")
    assert lines[begin : begin + 7] == ["Run ./js", "with:", "  a: given", "  b: d", "env:", "  E: e", ""]


def test_stand_ins_take_uploads_to_indexes_that_only_the_run_knows(tmp_path: Path) -> None:
    steps = """
        - run: say twine upload --repository-url "https://${{ github.ref_name }}.a.example/" dist/*
        - run: say uv publish
          working-directory: package
        - run: say twine upload dist/*
          env: {TWINE_REPOSITORY_URL: 'https://${{ github.ref_name }}.b.example/'}
        - uses: pypa/gh-action-pypi-publish@release/v1
          with: {repository-url: 'https://${{ github.ref_name }}.c.example/'}
        - run: say twine upload -r corp dist/*
    """
    home = {
        "package/uv.toml": "publish-url = 'https://d.example/'",
        str(LAYOUT.home / ".pypirc"): "[corp]\nrepository = https://e.example/",
    }
    publish = {"pypa/gh-action-pypi-publish@release/v1": {"action.yml": composite("- {run: say x, shell: bash}")}}
    ran = World(files=home, actions=publish, temporary=tmp_path).run(job_of(steps))
    assert ran.conclusions == {"build": "success"}
    assert ran.twins.taken == ["v1.a.example", "d.example", "v1.b.example", "v1.c.example", "e.example"]

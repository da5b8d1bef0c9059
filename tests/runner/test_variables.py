"""The variables of a step: which value wins, and what steps leave to those after them in their files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.engines.base import LAYOUT
from simulator.run_events import StepVariables
from simulator.runner.contexts import github_context, github_variables
from simulator.triggers.model import RunFacts
from tests.runner.driving import EVENT, IDENTITY, WORKSPACE, Case, World, composite, job_of, plan_of

VARIABLES = {
    "the nearest env wins: workflow, job, GITHUB_ENV, step": Case(
        head="env: {A: workflow, B: workflow, C: workflow, D: workflow}",
        job="env: {B: job, C: job, D: job}",
        steps="""
            - run: |
                env C=file
                env D=file
                show C
            - env: {D: step}
              run: show A B C D
            - run: show D
        """,
        says="""
            Run env C=file: success
              C=job
            Run show A B C D: success
              A=workflow
              B=job
              C=file
              D=step
            Run show D: success
              D=file
            = success
        """,
    ),
    "job env sees the workflow's, a step's sees both and GITHUB_ENV": Case(
        head="env: {A: a}",
        job="env: {B: '${{ github.ref_name }}'}",
        steps="""
            - run: env C=c
            - env: {D: '${{ env.A }}${{ env.B }}${{ env.C }}'}
              run: show D
        """,
        says="""
            Run env C=c: success
            Run show D: success
              D=av1c
            = success
        """,
    ),
    "GitHub's own variables always win, CI alone may be set": Case(
        steps="""
            - env: {GITHUB_REF: mine, RUNNER_OS: mine, GITHUB_ACTIONS: 'no', CI: 'no'}
              run: show GITHUB_REF RUNNER_OS GITHUB_ACTIONS CI
            - run: |
                env GITHUB_SHA=mine
                env CI=file
            - run: show GITHUB_SHA CI
        """,
        says="""
            Run show GITHUB_REF RUNNER_OS GITHUB_ACTIONS CI: success
              GITHUB_REF=refs/tags/v1
              RUNNER_OS=Linux
              GITHUB_ACTIONS=true
              CI=no
            Run env GITHUB_SHA=mine: success
            Run show GITHUB_SHA CI: success
              GITHUB_SHA=c0ffee
              CI=file
            = success
        """,
    ),
    "what a run step has of GitHub": Case(
        steps="""
            - run: |
                show GITHUB_ACTION GITHUB_JOB GITHUB_WORKSPACE GITHUB_RUN_ID GITHUB_REF_TYPE
                show GITHUB_REF_PROTECTED GITHUB_WORKFLOW GITHUB_WORKFLOW_REF GITHUB_EVENT_PATH GITHUB_BASE_REF CI
            - run: show GITHUB_TOKEN GITHUB_EVENT GITHUB_ACTION_REF GITHUB_ACTION_REPOSITORY GITHUB_ACTION_PATH
            - run: show ACTIONS_RUNTIME_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL INPUT_LEVEL RUNNER_DEBUG
        """,
        says=f"""
            Run show GITHUB_ACTION GITHUB_JOB GITHUB_WORKSPACE GITHUB_RUN_ID GITHUB_REF_TYPE: success
              GITHUB_ACTION=__run
              GITHUB_JOB=build
              GITHUB_WORKSPACE={WORKSPACE}
              GITHUB_RUN_ID=1234
              GITHUB_REF_TYPE=tag
              GITHUB_REF_PROTECTED=false
              GITHUB_WORKFLOW=.github/workflows/release.yml
              GITHUB_WORKFLOW_REF=octo/tool/.github/workflows/release.yml@refs/tags/v1
              GITHUB_EVENT_PATH={LAYOUT.temp}/_github_workflow/event.json
              GITHUB_BASE_REF=
              CI=true
            Run show GITHUB_TOKEN GITHUB_EVENT GITHUB_ACTION_REF GITHUB_ACTION_REPOSITORY GITHUB_ACTION_PATH: success
              GITHUB_TOKEN is not set
              GITHUB_EVENT is not set
              GITHUB_ACTION_REF is not set
              GITHUB_ACTION_REPOSITORY is not set
              GITHUB_ACTION_PATH is not set
            Run show ACTIONS_RUNTIME_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL INPUT_LEVEL RUNNER_DEBUG: success
              ACTIONS_RUNTIME_TOKEN is not set
              ACTIONS_ID_TOKEN_REQUEST_URL is not set
              INPUT_LEVEL is not set
              RUNNER_DEBUG is not set
            = success
        """,
    ),
    "with id-token: write every step may ask for a token": Case(
        job="permissions: {id-token: write}",
        steps="- run: show ACTIONS_ID_TOKEN_REQUEST_URL",
        says="""
            Run show ACTIONS_ID_TOKEN_REQUEST_URL: success
              ACTIONS_ID_TOKEN_REQUEST_URL=https://token.example
            = success
        """,
    ),
    "steps without an id are called by what they run": Case(
        steps="""
            - run: show GITHUB_ACTION
            - id: mine
              run: show GITHUB_ACTION
            - run: show GITHUB_ACTION
            - run: say ${{ github.action }}
        """,
        says="""
            Run show GITHUB_ACTION: success
              GITHUB_ACTION=__run
            Run show GITHUB_ACTION: success
              GITHUB_ACTION=mine
            Run show GITHUB_ACTION: success
              GITHUB_ACTION=__run_2
            Run say __run_3: success
              __run_3
            = success
        """,
    ),
}

FILES = {
    "GITHUB_ENV, with a value of several lines": Case(
        steps="""
            - run: env A<<END\\none\\ntwo\\nEND
            - run: say ${{ contains(env.A, 'two') }} ${{ startsWith(env.A, 'one') }}
        """,
        says="""
            Run env A<<END\\none\\ntwo\\nEND: success
            Run say true true: success
              true true
            = success
        """,
    ),
    "GITHUB_OUTPUT of a step with an id": Case(
        steps="""
            - id: one
              run: |
                output version=1.0
                output empty=
            - run: say ${{ steps.one.outputs.version }}/${{ steps.one.outputs.empty }}/${{ steps.none.outputs.x }}
        """,
        says="""
            Run output version=1.0: success
            Run say 1.0//: success
              1.0//
            = success
        """,
    ),
    "outputs of a failed step": Case(
        steps="""
            - id: one
              run: |
                output half=way
                exit 1
            - run: say ${{ steps.one.outputs.half }}
              if: always()
        """,
        says="""
            Run output half=way: failure
              ! Process completed with exit code 1.
            Run say way: success
              way
            = failure
        """,
    ),
    "GITHUB_PATH: the last one added is the first, and once": Case(
        steps="""
            - run: |
                path /opt/a
                path /opt/b
            - run: path /opt/a
            - env: {PATH: /bin}
              run: show PATH
        """,
        says="""
            Run path /opt/a: success
            Run path /opt/a: success
            Run show PATH: success
              PATH=/opt/a:/opt/b:/bin
            = success
        """,
    ),
    "what comes before a bad line counts, and the step fails": Case(
        steps="""
            - run: |
                env A=1
                env nonsense
                env B=2
            - run: show A B
              if: always()
        """,
        says="""
            Run env A=1: failure
              ! Unable to process file command 'env' successfully.
              ! Invalid format 'nonsense'
            Run show A B: success
              A=1
              B is not set
            = failure
        """,
    ),
    "an output needs a name": Case(
        steps="- run: output =x",
        says="""
            Run output =x: failure
              ! Unable to process file command 'output' successfully.
              ! Value cannot be null. (Parameter 'name')
            = failure
        """,
    ),
    "a variable without a name reaches no process": Case(
        steps="""
            - run: env =x
            - run: say fine
        """,
        says="""
            Run env =x: success
            Run say fine: success
              fine
            = success
        """,
    ),
    "NODE_OPTIONS is refused, the rest is taken": Case(
        steps="""
            - run: |
                env node_options=--x
                env A=1
            - run: show node_options A
        """,
        says="""
            Run env node_options=--x: success
              ! Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.
            Run show node_options A: success
              node_options is not set
              A=1
            = success
        """,
    ),
    "the files' places are in the github context": Case(
        steps="""
            - name: Places
              run: say ${{ startsWith(github.output, runner.temp) }} ${{ github.token == secrets.GITHUB_TOKEN }}
        """,
        says="""
            Places: success
              true true
            = success
        """,
    ),
    "the old commands": Case(
        steps="""
            - id: old
              run: say ::set-output name=a::1
            - run: say ::set-env name=B::2
              if: steps.old.outputs.a == '1'
            - run: |
                say ::set-env name=B::2
                say ::add-path::/opt/b
              if: always()
              env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true'}
            - run: show B PATH
              if: always()
              env: {PATH: /bin}
        """,
        says="""
            Run say ::set-output name=a::1: success
              ? The `set-output` command is deprecated and will be disabled soon. Please upgrade to using Environment \
Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-\
set-output-commands/
            Run say ::set-env name=B::2: failure
              ! Unable to process command '::set-env name=B::2' successfully.
              ! The `set-env` command is disabled. Please upgrade to using Environment Files or opt into unsecure \
command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`. For \
more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/
            Run say ::set-env name=B::2: success
            Run show B PATH: success
              B=2
              PATH=/opt/b:/bin
            = failure
        """,
    ),
}

CASES = VARIABLES | FILES


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_steps(case: Case) -> None:
    assert case.run().transcript("build") == case.expected


ORIGINS = """
    on: push
    env: {A: flow, B: flow, GITHUB_SHA: flow}
    jobs:
      build:
        runs-on: ubuntu-latest
        env: {B: job, C: job}
        steps:
          - run: |
              env C=file
              env PATH=/own
              path /opt/mine
          - run: say ${{ env.D }}
            env: {D: step, A: step}
          - uses: ./act
            env: {D: outer}
"""


def test_where_a_variable_comes_from() -> None:
    ran = World(files={"act/action.yml": composite("- {run: say x, shell: bash, env: {E: inner}}")}).run(ORIGINS)
    told = [(event.number, event.origins) for event in ran.events if isinstance(event, StepVariables)]
    common = {"A": "the workflow", "B": "the job", "GITHUB_SHA": "GitHub, over the workflow"}
    later = {**common, "C": "GITHUB_ENV in step 2", "PATH": "GITHUB_PATH in step 2 and GITHUB_ENV in step 2"}
    assert told == [
        (2, {**common, "C": "the job"}),
        (3, {**later, "D": "the step", "A": "the step"}),
        (4, {**later, "D": "the step"}),
        (4, {**later, "D": "the step around it", "E": "the step"}),
    ]


def test_a_debugged_step_says_where_its_variables_come_from() -> None:
    ran = World(debug=True).run(ORIGINS.replace("./act", "./none"))
    assert "A: from the workflow" in ran.lines("build", "debug")
    assert "D: from the step" in ran.lines("build", "debug")


def test_jobs_of_a_run_have_an_orchestration_each() -> None:
    ran = World().run(
        """
        on: push
        jobs:
          one: {runs-on: ubuntu-latest, steps: [{run: say x}]}
          two: {runs-on: ubuntu-latest, steps: [{run: say x}, {run: say y}]}
        """
    )
    names = [process.env["ACTIONS_ORCHESTRATION_ID"].split(".") for process in ran.machine.processes]
    assert [rest for _, *rest in names] == [["one", "__default"], ["two", "__default"], ["two", "__default"]]
    assert len({run for run, *_ in names}) == 1


def test_what_is_configured_of_the_run() -> None:
    workflow = plan_of(job_of("- run: say x")).workflow
    identity = replace(
        IDENTITY, actor="ada", run=RunFacts(number=42, attempt=2, triggering_actor="grace", ref_protected=True)
    )
    variables = github_variables(github_context(workflow, EVENT, identity))
    names = ("ACTOR", "TRIGGERING_ACTOR", "RUN_NUMBER", "RUN_ATTEMPT", "REF_PROTECTED")
    assert [variables[f"GITHUB_{name}"] for name in names] == ["ada", "grace", "42", "2", "true"]

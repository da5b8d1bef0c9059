"""The steps of one job as GitHub's runner carries them out, on an engine that does what their scripts say."""

from __future__ import annotations

import uuid

import pytest

from simulator.engines.base import LAYOUT
from simulator.environments.model import Gate
from simulator.run_events import JobFinished, StepStarted
from simulator.runner.contexts import EVENT_PATH
from tests.runner.driving import WORKSPACE, Case, World, job_of

TOO_FEW = "The following format string references more arguments than were supplied: {1}. Located within expression:"
ORDER = {
    "in the order of the file": Case(
        steps="""
            - run: say one
            - name: Second
              run: say two
            - id: third
              run: |
                # a comment first
                say three
        """,
        says="""
            Run say one: success
              one
            Second: success
              two
            Run # a comment first: success
              three
            = success
        """,
    ),
    "names are expanded, with the step's own env": Case(
        steps="""
            - name: Build ${{ github.ref_name }} for ${{ env.WHO }}
              env: {WHO: me}
              run: say hi
            - run: say ${{ github.event_name }}
            - name: Broken ${{ format('{1}') }}
              run: say still
        """,
        says="""
            Build v1 for me: success
              hi
            Run say push: success
              push
            Broken ${{ format('{1}') }}: success
              still
            = success
        """,
    ),
    "a failure ends the steps that do not ask for it": Case(
        steps="""
            - run: exit 3
            - run: say never
            - run: say after
              if: always()
            - run: say failed
              if: failure()
            - run: say good
              if: success()
        """,
        says="""
            Run exit 3: failure
              ! Process completed with exit code 3.
            Run say never: skipped
            Run say after: success
              after
            Run say failed: success
              failed
            Run say good: skipped
            = failure
        """,
    ),
    "a script prints nothing and ends well": Case(steps="- run: ''", says="run: success\n= success"),
}

CONDITIONS = {
    "a condition without a status function wants success": Case(
        steps="""
            - run: exit 1
            - run: say no
              if: github.ref_type == 'tag'
            - run: say yes
              if: ${{ !cancelled() && github.ref_type == 'tag' }}
        """,
        says="""
            Run exit 1: failure
              ! Process completed with exit code 1.
            Run say no: skipped
            Run say yes: success
              yes
            = failure
        """,
    ),
    "outcome is what happened, conclusion what counts": Case(
        steps="""
            - id: shaky
              run: exit 1
              continue-on-error: true
            - run: say ${{ steps.shaky.outcome }} ${{ steps.shaky.conclusion }} ${{ job.status }}
            - id: skipped
              if: false
              run: say never
            - run: say ${{ steps.skipped.outcome }} ${{ steps.skipped.conclusion }}
        """,
        says="""
            Run exit 1: failure -> success
              ! Process completed with exit code 1.
            Run say failure success success: success
              failure success success
            Run say never: skipped
            Run say skipped skipped: success
              skipped skipped
            = success
        """,
    ),
    "continue-on-error: false": Case(
        steps="""
            - run: exit 1
              continue-on-error: false
            - run: say never
        """,
        says="""
            Run exit 1: failure
              ! Process completed with exit code 1.
            Run say never: skipped
            = failure
        """,
    ),
    "continue-on-error may read the step's env, and must be a boolean": Case(
        steps="""
            - run: exit 1
              env: {GO_ON: yes}
              continue-on-error: ${{ env.GO_ON == 'yes' }}
            - run: exit 1
              continue-on-error: ${{ github.ref_name }}
        """,
        says="""
            Run exit 1: failure -> success
              ! Process completed with exit code 1.
            Run exit 1: failure
              ! Process completed with exit code 1.
              ! The step failed and an error occurred when attempting to determine whether to continue on error.
              ! Unexpected value 'v1'
            = failure
        """,
    ),
    "a condition may read the step's env": Case(
        steps="""
            - run: say yes
              env: {MODE: fast}
              if: env.MODE == 'fast'
            - run: say no
              if: env.MODE == 'fast'
        """,
        says="""
            Run say yes: success
              yes
            Run say no: skipped
            = success
        """,
    ),
    "a condition that fails fails its step": Case(
        steps="""
            - run: say never
              if: format('{1}')
              continue-on-error: true
            - run: say after
              if: always()
        """,
        says=f"""
            Run say never: failure
              ! {TOO_FEW} success() && (format('{{1}}'))
            Run say after: success
              after
            = failure
        """,
    ),
    "an env that fails fails its step": Case(
        steps="""
            - run: say never
              env: {A: "${{ format('{1}') }}"}
            - run: say neither
        """,
        says=f"""
            Run say never: failure
              ! {TOO_FEW} format('{{1}}')
            Run say neither: skipped
            = failure
        """,
    ),
    "hashFiles": Case(
        steps="""
            - run: say ${{ hashFiles('absent') }}.
            - run: say ${{ hashFiles('a', '*.lock') == hashFiles('a', '*.lock') }} ${{ hashFiles('a') != '' }}
            - run: say yes
              if: HASHFILES('absent') == ''
            - run: say ${{ hashFiles('broken') }}
        """,
        says=f"""
            Run say .: success
              .
            Run say true true: success
              true true
            Run say yes: success
              yes
            Run say ${{{{ hashFiles('broken') }}}}: failure
              ! hashFiles('broken') failed. Fail to hash files under directory '{WORKSPACE}': no such glob. \
Located within expression: hashFiles('broken')
            = failure
        """,
    ),
}

SHELLS = {
    "defaults: step, job, workflow": Case(
        head="defaults: {run: {shell: python, working-directory: flow}}",
        job="defaults: {run: {shell: sh}}",
        world={"files": {"flow/x": "", "own/x": ""}},
        steps="""
            - run: folder
            - run: folder
              shell: bash
              working-directory: own
            - run: folder
              working-directory: ''
        """,
        says=f"""
            Run folder: success
              {WORKSPACE}/flow
            Run folder: success
              {WORKSPACE}/own
            Run folder: success
              {WORKSPACE}
            = success
        """,
    ),
    "a folder that is not there": Case(
        steps="""
            - run: say never
              working-directory: nowhere/at-all
        """,
        says=f"""
            Run say never: failure
              ! An error occurred trying to start process '/usr/bin/bash' with working directory \
'{WORKSPACE}/nowhere/at-all'. No such file or directory
            = failure
        """,
    ),
    "a shell that is not there": Case(
        steps="""
            - run: say never
              shell: fish {0}
            - run: say never
              if: always()
              shell: perl -w
        """,
        says="""
            Run say never: failure
              ! fish: command not found
            Run say never: failure
              ! Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format \
string containing '{0}'
            = failure
        """,
    ),
    "a shell from GITHUB_PATH": Case(
        world={"files": {"bin/x": ""}},
        steps="""
            - run: |
                add bin/mine x
                path /home/runner/work/tool/tool/bin
            - run: say found
              shell: mine {0}
        """,
        says="""
            Run add bin/mine x: success
            Run say found: success
              found
            = success
        """,
    ),
}

CONTEXTS = {
    "secrets, variables, inputs": Case(
        world={"secrets": {"TOKEN": "s3cret-value"}, "variables": {"SITE": "here"}},
        steps="- run: say ${{ secrets.TOKEN == 's3cret-value' }} ${{ vars.SITE }} ${{ inputs.level }} ${{ vars.NO }}.",
        says="""
            Run say true here high .: success
              true here high .
            = success
        """,
    ),
    "an environment adds its own": Case(
        job="environment: Release",
        world={
            "secrets": {"A": "shared-secret", "B": "shared-secret"},
            "environment_secrets": {"release": {"B": "own-secret"}},
        },
        steps="- run: say ${{ secrets.A == 'shared-secret' }} ${{ secrets.B == 'own-secret' }}",
        says="""
            Run say true true: success
              true true
            = success
        """,
    ),
    "the job context": Case(
        steps="""
            - run: say ${{ job.status }} ${{ job.workflow_file_path }} ${{ job.workflow_repository }}
            - run: say ${{ job.workflow_sha == github.sha }} ${{ job.workflow_ref == github.workflow_ref }}
            - run: say ${{ job.check_run_id > 0 }}
        """,
        says="""
            Run say success .github/workflows/release.yml octo/tool: success
              success .github/workflows/release.yml octo/tool
            Run say true true: success
              true true
            Run say true: success
              true
            = success
        """,
    ),
    "the strategy of a job without a matrix": Case(
        steps="- run: say ${{ strategy.job-index }}/${{ strategy.job-total }} ${{ strategy.fail-fast }} ${{ matrix }}.",
        says="""
            Run say 0/1 true .: success
              0/1 true .
            = success
        """,
    ),
}

OUTPUTS = {
    "outputs of the job": Case(
        job="""
            outputs:
              version: ${{ steps.one.outputs.version }}
              empty: ${{ steps.one.outputs.none }}
              secret: x${{ secrets.TOKEN }}
              masked: ${{ steps.one.outputs.hidden }}
        """,
        world={"secrets": {"TOKEN": "s3cret-value"}},
        steps="""
            - id: one
              run: |
                say ::add-mask::plain-word
                output version=1.0
                output hidden=plain-word
        """,
        says="""
            Run say ::add-mask::plain-word: success
            Complete job: success
              ? Skip output 'secret' since it may contain secret.
              ? Skip output 'masked' since it may contain secret.
            version=1.0
            = success
        """,
    ),
    "outputs that cannot be evaluated fail the job": Case(
        job="outputs: {a: \"${{ format('{1}') }}\"}",
        steps="- run: say fine",
        says=f"""
            Run say fine: success
              fine
            Complete job: failure
              ! Fail to evaluate job outputs
              ! {TOO_FEW} format('{{1}}')
            = failure
        """,
    ),
    "a job that may fail": Case(
        job="continue-on-error: true",
        steps="- run: exit 1",
        says="""
            Run exit 1: failure
              ! Process completed with exit code 1.
            = success
        """,
    ),
    "a job that may not": Case(
        job="continue-on-error: false",
        steps="- run: exit 1",
        says="""
            Run exit 1: failure
              ! Process completed with exit code 1.
            = failure
        """,
    ),
    "a job that cannot be set up": Case(
        job="env: {A: \"${{ format('{1}') }}\"}",
        steps="- run: say never",
        says=f"""
            Set up job: failure
              ! {TOO_FEW} format('{{1}}')
            = failure
        """,
    ),
}

CASES = ORDER | CONDITIONS | SHELLS | CONTEXTS | OUTPUTS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_steps(case: Case) -> None:
    assert case.run().transcript("build") == case.expected


@pytest.mark.parametrize(
    ("shell", "argv"),
    [
        (None, ("/usr/bin/bash", "-e", ".sh")),
        ("bash", ("/usr/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", ".sh")),
        ("sh", ("/usr/bin/sh", "-e", ".sh")),
        ("python", ("/usr/bin/python", ".py")),
        ("perl -w {0}", ("/usr/bin/perl", "-w", "")),
    ],
)
def test_the_command_line_of_a_step(shell: str | None, argv: tuple[str, ...]) -> None:
    steps = "- run: say x" + (f"\n  shell: '{shell}'" if shell else "")
    (process,) = World().run(job_of(steps)).machine.processes
    *words, script = process.argv
    name = script.removeprefix(f"{LAYOUT.temp}/")
    assert (*words, name[len(str(uuid.uuid4())) :]) == argv
    assert process.cwd == WORKSPACE


def test_without_bash_it_is_sh() -> None:
    world = World(programs=("sh",))
    (process,) = world.run(job_of("- run: say x")).machine.processes
    assert process.argv[:2] == ("/usr/bin/sh", "-e")


def test_the_event_is_where_its_variable_says() -> None:
    ran = World().run(job_of("- run: say x"))
    (sandbox,) = ran.machine.engine.sandboxes
    assert sandbox.files[EVENT_PATH] == b'{\n  "ref": "refs/tags/v1"\n}'
    assert sandbox.left


def test_an_environment_that_refuses() -> None:
    world = World(gate=lambda name: Gate(allowed=False, reason=f"no way into {name}"))
    ran = world.run(job_of("- run: say x", job="environment: prod"))
    (result,) = ran.results
    assert (result.conclusion, result.refused) == ("failure", True)
    assert ran.reason("build") == "no way into prod"
    assert not [event for event in ran.events if isinstance(event, StepStarted)]
    assert ran.twins.grants == {}


def test_an_environment_that_waits_for_a_person() -> None:
    world = World(
        gate=lambda _: Gate(allowed=False, paused=True, reason="a review is missing"),
        environment_secrets={"prod": {"KEY": "hidden"}},
    )
    ran = world.run(
        """\
        on: push
        jobs:
          build: {runs-on: ubuntu-latest, steps: [{run: say built}]}
          publish:
            needs: build
            environment: prod
            runs-on: ubuntu-latest
            steps: [{run: say x}]
          tell:
            needs: publish
            if: always()
            runs-on: ubuntu-latest
            steps: [{run: say y}]
        """
    )
    assert ran.conclusions == {"build": "success", "publish": "skipped", "tell": "skipped"}
    assert [result.absent for result in ran.results] == [None, "paused", "paused"]
    assert ran.reason("publish") == "a review is missing"
    assert ran.reason("tell") == "it needs publish, which waits"
    assert list(ran.twins.grants) == ["build"]


def test_an_environment_that_lets_in() -> None:
    world = World(gate=lambda _: Gate(allowed=True, reason="fine", variables={"SITE": "there"}))
    ran = world.run(
        job_of(
            "- run: say ${{ vars.SITE }}",
            job="environment: {name: prod, url: 'https://${{ vars.SITE }}.example'}\npermissions: {id-token: write}",
        )
    )
    assert "there" in ran.lines("build", "text")
    (ended,) = [event for event in ran.events if isinstance(event, JobFinished)]
    assert ended.environment_url == "https://there.example"
    grant = ran.twins.grants["build"]
    assert (grant.id_token, grant.claims["environment"]) == (True, "prod")
    assert grant.claims["sub"] == "repo:octo/tool:environment:prod"
    assert ran.twins.open == set()

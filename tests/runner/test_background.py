"""Background steps: beside the others, what they set counts once they were waited for, and how they end."""

from __future__ import annotations

import pytest

from simulator.run_events import RunEvent, StepFinished, StepStarted
from tests.runner.driving import Case, World, job_of

CASES = {
    "what it sets counts after the wait": Case(
        steps="""
            - name: one
              id: one
              background: true
              run: |
                output v=1
                env COLOUR=red
                path /opt/one
                say in the background
            - {name: for it, wait: one}
            - name: after
              run: |
                say ${{ steps.one.outputs.v }} ${{ steps.one.outcome }} ${{ steps.one.conclusion }} ${{ env.COLOUR }}
        """,
        says="""
            one: success
              in the background
            for it: success
              Waiting for background step(s) to complete: one
              Finished waiting for background step(s).
                one: Succeeded
            after: success
              1 success success red
            = success
        """,
    ),
    "before the wait it is not known": Case(
        steps="""
            - {name: one, id: one, background: true, run: output v=1}
            - {name: beside, run: "say [${{ steps.one.outputs.v }}] [${{ steps.one.outcome }}]"}
            - {name: all, wait-all: }
            - {name: after, run: "say [${{ steps.one.outputs.v }}]"}
        """,
        says="""
            one: success
            beside: success
              [] []
            all: success
              Waiting for all background step(s) to complete: one
              Finished waiting for all background step(s).
                one: Succeeded
            after: success
              [1]
            = success
        """,
    ),
    "a failure counts at the wait": Case(
        steps="""
            - {name: one, id: one, background: true, run: exit 1}
            - {name: beside, run: say on}
            - {name: for it, wait: one}
            - {name: after, run: say never}
            - {name: at last, if: failure(), run: "say ${{ steps.one.conclusion }}"}
        """,
        says="""
            one: failure
              ! Process completed with exit code 1.
            beside: success
              on
            for it: failure
              Waiting for background step(s) to complete: one
              Finished waiting for background step(s).
                one: Failed
            after: skipped
            at last: success
              failure
            = failure
        """,
    ),
    "one that may fail": Case(
        steps="""
            - {name: one, id: one, background: true, continue-on-error: true, run: exit 1}
            - {name: for it, wait: one}
            - {name: after, run: "say ${{ steps.one.outcome }} ${{ steps.one.conclusion }}"}
        """,
        says="""
            one: failure -> success
              ! Process completed with exit code 1.
            for it: success
              Waiting for background step(s) to complete: one
              Finished waiting for background step(s).
                one: Succeeded
            after: success
              failure success
            = success
        """,
    ),
    "a wait that may fail: the job fails in the end": Case(
        steps="""
            - {name: one, id: one, background: true, run: exit 1}
            - {name: for it, continue-on-error: true, wait: one}
            - {name: after, run: say on}
        """,
        says="""
            one: failure
              ! Process completed with exit code 1.
            for it: failure -> success
              Waiting for background step(s) to complete: one
              Finished waiting for background step(s).
                one: Failed
            after: success
              on
            = failure
        """,
    ),
    "a service that is cancelled is no failure": Case(
        steps="""
            - {name: server, id: server, background: true, run: wait}
            - {name: other, id: other, background: true, run: say other}
            - {name: enough, cancel: server}
            - {name: after, run: "say ${{ steps.server.conclusion }} [${{ steps.other.conclusion }}]"}
            - {name: all, wait-all: true}
        """,
        says="""
            server: cancelled
              ! The operation was canceled.
            other: success
              other
            enough: success
              Cancelling background step(s): server
              Finished cancelling background step(s).
                server: Canceled
            after: success
              cancelled []
            all: success
              Waiting for all background step(s) to complete: other
              Finished waiting for all background step(s).
                other: Succeeded
            = success
        """,
    ),
    "waits run after a failure, and background steps do not begin": Case(
        steps="""
            - {name: one, id: one, background: true, run: say one}
            - {name: bad, run: exit 1}
            - {name: two, id: two, background: true, run: say never}
            - {name: all, wait-all: }
        """,
        says="""
            one: success
              one
            bad: failure
              ! Process completed with exit code 1.
            two: skipped
            all: success
              Waiting for all background step(s) to complete: one, two
              Finished waiting for all background step(s).
                one: Succeeded
                two: Skipped
            = failure
        """,
    ),
    "those that nobody waits for": Case(
        steps="""
            - {name: one, background: true, run: exit 1}
            - {name: beside, run: say on}
        """,
        job="outputs: {ended: '${{ job.status }}'}",
        says="""
            one: failure
              ! Process completed with exit code 1.
            beside: success
              on
            Wait for all background steps: failure
              Waiting for all background step(s) to complete: one
              Finished waiting for all background step(s).
                one: Failed
            ended=failure
            = failure
        """,
    ),
    "a group": Case(
        steps="""
            - parallel:
                - {name: one, id: one, run: output v=1}
                - {name: two, id: two, if: false, run: say never}
            - {name: after, run: "say ${{ steps.one.outputs.v }} ${{ steps.two.outcome }}"}
        """,
        says="""
            one: success
            two: skipped
            parallel: success
              Waiting for background step(s) to complete: one, two
              Finished waiting for background step(s).
                one: Succeeded
                two: Skipped
            after: success
              1 skipped
            = success
        """,
    ),
    "nothing to wait for": Case(
        steps="""
            - {name: all, wait-all: }
            - {name: nobody, wait: nobody}
        """,
        says="""
            all: success
              No background steps remaining to wait for.
            nobody: success
              Waiting for background step(s) to complete: (none)
              Finished waiting for background step(s).
            = success
        """,
    ),
    "a limit of time": Case(
        steps="""
            - {name: one, id: one, background: true, timeout-minutes: 2, run: take 3}
            - {name: for it, wait: one}
        """,
        says="""
            one: failure
              ! The action 'one' has timed out after 2 minutes.
            for it: failure
              Waiting for background step(s) to complete: one
              Finished waiting for background step(s).
                one: Failed
            = failure
        """,
    ),
    "a cancel of the job ends it, whatever its condition": Case(
        steps="""
            - {name: one, id: one, background: true, if: always(), run: wait}
            - {name: stop, run: cancel when it waits}
            - {name: all, wait-all: }
            - {name: clean, if: always(), run: "say ${{ steps.one.conclusion }}"}
        """,
        says="""
            one: cancelled
              ! The operation was canceled.
            stop: cancelled
              ! The operation was canceled.
            all: cancelled
              Waiting for all background step(s) to complete: one
              Finished waiting for all background step(s).
                one: Canceled
            clean: success
              cancelled
            = cancelled
        """,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_steps(case: Case) -> None:
    assert case.run().transcript("build") == case.expected


def test_a_local_action_in_the_background_has_variables_of_its_own_until_the_wait() -> None:
    files = {
        "own/action.yml": """
            runs:
              using: composite
              steps:
                - {run: "env INNER=1", shell: bash}
                - {run: "say inside $ {{ env.INNER }}", shell: bash}
        """.replace("$ {", "${")
    }
    ran = World(files=files).run(
        job_of("""
            - {name: own, id: own, background: true, uses: ./own}
            - {name: beside, run: "say [${{ env.INNER }}]"}
            - {name: all, wait-all: }
            - {name: after, run: "say [${{ env.INNER }}]"}
        """)
    )
    said = [line for line in ran.printed("build") if line.startswith(("inside", "["))]
    assert said == ["inside 1", "[]", "[1]"]


def test_no_more_than_ten_at_once() -> None:
    steps = "\n".join("- {background: true, run: wait}" for _ in range(12))
    begun = World().start(job_of(steps + "\n- {name: all, wait-all: }"))

    def cancel(event: RunEvent, /) -> None:
        if isinstance(event, StepStarted) and event.name == "all":
            begun.run.cancel()

    begun.listeners.append(cancel)
    (result,) = begun.run.execute()
    assert result.conclusion.value == "cancelled"
    assert len(begun.machine.processes) <= 10
    ended = [event.conclusion.value for event in begun.events if isinstance(event, StepFinished)]
    assert ended.count("cancelled") == 13

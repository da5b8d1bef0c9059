"""How steps, jobs and runs end before their time: limits, cancelling, and an engine that breaks."""

from __future__ import annotations

import threading

import pytest

from simulator.engines.base import LAYOUT
from simulator.errors import EngineError
from simulator.planning.model import PlannedJob
from simulator.run_events import JobFinished, RunEvent, StepFinished
from tests.runner.driving import Case, World, composite, job_of

CANCELLED = "! The operation was canceled."

LIMITS = {
    "a step that takes too long fails": Case(
        steps="""
            - name: Slow
              id: slow
              timeout-minutes: 5
              run: |
                output half=way
                take 6
                say never
            - run: say ${{ steps.slow.outcome }} ${{ steps.slow.outputs.half }}
              if: failure()
        """,
        says="""
            Slow: failure
              ! The action 'Slow' has timed out after 5 minutes.
            Run say failure way: success
              failure way
            = failure
        """,
    ),
    "continue-on-error forgives it": Case(
        steps="""
            - run: take 6
              timeout-minutes: ${{ fromJSON('5') }}
              continue-on-error: true
            - run: say on
              timeout-minutes: 5
        """,
        says="""
            Run take 6: failure -> success
              ! The action 'Run take 6' has timed out after 5 minutes.
            Run say on: success
              on
            = success
        """,
    ),
    "0 is no limit, and text is none": Case(
        steps="""
            - run: take 100
              timeout-minutes: 0
            - run: take 100
              timeout-minutes: ${{ github.ref_name }}
        """,
        says="""
            Run take 100: success
            Run take 100: success
              ! An error occurred when attempting to determine the step timeout.
              ! Unexpected value 'v1'
            = success
        """,
    ),
    "a composite action has the time of its step": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - {run: take 3, shell: bash}
                    - {run: take 3, shell: bash}
                    - {run: say never, shell: bash, if: always()}
                    """
                )
            }
        },
        steps="""
            - uses: ./act
              timeout-minutes: 5
            - run: say after
              if: always()
        """,
        says="""
            Run ./act: failure
              ! The action has timed out.
              ! The action has timed out.
            Run say after: success
              after
            = failure
        """,
    ),
    "a job that takes too long is cancelled, and has 5 minutes more": Case(
        job="timeout-minutes: 10",
        steps="""
            - run: take 9
            - run: |
                take 9
                say never
            - run: say never
            - run: |
                take 4
                say cleaned
              if: always()
            - run: take 2
              if: always()
            - run: say too late
              if: always()
        """,
        says=f"""
            Run take 9: success
            Run take 9: cancelled
              ! The job has exceeded the maximum execution time of 10m0s
              {CANCELLED}
            Run say never: skipped
            Run take 4: success
              cleaned
            Run take 2: cancelled
              {CANCELLED}
            Run say too late: cancelled
              {CANCELLED}
            = cancelled
        """,
    ),
    "a step with always() may go on when the job's time is up": Case(
        job="timeout-minutes: 90",
        steps="""
            - run: |
                take 92
                say done
              if: always()
            - run: say never
        """,
        says="""
            Run take 92: success
              done
            Run say never: skipped
              ! The job has exceeded the maximum execution time of 1h30m0s
            = cancelled
        """,
    ),
    "a job has 6 hours": Case(
        steps="- run: take 361",
        says=f"""
            Run take 361: cancelled
              ! The job has exceeded the maximum execution time of 6h0m0s
              {CANCELLED}
            = cancelled
        """,
    ),
    "the limit of a job must be a number": Case(
        job="timeout-minutes: ${{ github.ref_name }}",
        steps="- run: say never",
        says="""
            Set up job: failure
              ! Unexpected value 'v1'
            = failure
        """,
    ),
}

POST = {
    "a/action.yml": "runs: {using: node20, main: m.js, post: p.js}",
    "a/m.js": "say main",
    "a/p.js": "say post",
}

CANCELS = {
    "what runs ends; always() and post parts follow": Case(
        world={"files": POST},
        steps="""
            - uses: ./a
            - id: busy
              run: |
                say begun
                cancel
                say never
              continue-on-error: true
            - run: say never
            - run: say never
              if: failure()
            - run: say ${{ steps.busy.outcome }} ${{ job.status }}
              if: cancelled()
            - run: exit 1
              if: always()
        """,
        says=f"""
            Run ./a: success
              main
            Run say begun: cancelled
              begun
              {CANCELLED}
            Run say never: skipped
            Run say never: skipped
            Run say cancelled cancelled: success
              cancelled cancelled
            Run exit 1: failure
              ! Process completed with exit code 1.
            Post Run ./a: success
              Post job cleanup.
              post
            = cancelled
        """,
    ),
    "a step with always() is not ended": Case(
        steps="""
            - run: |
                cancel
                say to the end
              if: always()
            - run: say never
        """,
        says="""
            Run cancel: success
              to the end
            Run say never: skipped
            = cancelled
        """,
    ),
    "inside a composite action": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - {run: cancel, shell: bash}
                    - {run: say never, shell: bash}
                    - {run: say never, shell: bash, if: always()}
                    """
                )
            }
        },
        steps="- uses: ./act",
        says=f"""
            Run ./act: cancelled
              {CANCELLED}
              {CANCELLED}
            = cancelled
        """,
    ),
    "inside one whose step has always()": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - {run: cancel, shell: bash}
                    - {run: say never, shell: bash}
                    - {run: say cleaned, shell: bash, if: always()}
                    """
                )
            }
        },
        steps="""
            - uses: ./act
              if: always()
        """,
        says=f"""
            Run ./act: cancelled
              {CANCELLED}
              cleaned
            = cancelled
        """,
    ),
    "a composite action with always() in a cancelled job runs all of its steps": Case(
        world={
            "files": {
                "act/action.yml": composite(
                    """
                    - {run: say one, shell: bash}
                    - {run: say two, shell: bash}
                    """
                )
            }
        },
        steps="""
            - run: cancel
            - uses: ./act
              if: always()
        """,
        says=f"""
            Run cancel: cancelled
              {CANCELLED}
            Run ./act: success
              one
              two
            = cancelled
        """,
    ),
    "after a failure": Case(
        steps="""
            - run: exit 1
            - run: |
                cancel
                say on
              if: always()
            - run: say never
              if: failure()
        """,
        says="""
            Run exit 1: failure
              ! Process completed with exit code 1.
            Run cancel: success
              on
            Run say never: skipped
            = cancelled
        """,
    ),
}

CASES = LIMITS | CANCELS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_endings(case: Case) -> None:
    assert case.run().transcript("build") == case.expected


def test_why_a_job_was_cancelled_is_in_its_event() -> None:
    ran = World().run(job_of("- run: take 2", job="timeout-minutes: 1"))
    assert ran.reason("build") == "The job has exceeded the maximum execution time of 1m0s"


def test_a_process_is_given_what_is_left() -> None:
    ran = World().run(
        job_of(
            """
            - run: take 4
              timeout-minutes: 20
            - run: take 1
            - run: take 1
              timeout-minutes: 2
            - run: take 1
              if: always()
            """,
            job="timeout-minutes: 10",
        )
    )
    assert [process.timeout for process in ran.machine.processes] == [600, 360, 120, 240 + 300]


def test_a_run_that_is_cancelled_before_it_begins() -> None:
    begun = World().start(
        """
        on: push
        jobs:
          build: {runs-on: ubuntu-latest, steps: [{run: say never}]}
          after: {runs-on: ubuntu-latest, needs: build, if: always(), steps: [{run: say cleaned}]}
        """
    )
    begun.run.cancel()
    results = {result.key: result.conclusion.value for result in begun.run.execute()}
    assert results == {"build": "cancelled", "after": "success"}
    assert [box.spec.job_id for box in begun.machine.engine.sandboxes] == ["after"]


def test_a_job_with_always_outlives_the_run() -> None:
    ran = World().run(
        """
        on: push
        jobs:
          build:
            if: always()
            runs-on: ubuntu-latest
            steps:
              - run: |
                  cancel
                  say to the end
              - run: say this too
          next: {runs-on: ubuntu-latest, needs: build, steps: [{run: say never}]}
        """
    )
    assert ran.conclusions == {"build": "success", "next": "cancelled"}
    assert ran.reason("next") == "the run was cancelled"


@pytest.mark.parametrize(("may_fail", "forgiven"), [("true", [False, True, False]), ("false", [False] * 3)])
def test_a_step_that_fails_is_forgiven_where_its_job_may_fail(may_fail: str, forgiven: list[bool]) -> None:
    begun = World().start(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        f"    continue-on-error: ${{{{ {may_fail} }}}}\n    steps: [{{run: exit 1}}]\n"
    )
    begun.run.execute()
    assert [event.forgiven for event in begun.events if isinstance(event, StepFinished)] == forgiven


def test_a_cancel_from_another_thread_ends_what_runs() -> None:
    begun = World().start(job_of("- run: wait\n- run: say cleaned\n  if: always()"))
    machine = begun.machine

    def cancel() -> None:
        assert machine.waiting.wait(10)
        begun.run.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    (result,) = begun.run.execute()
    thread.join()
    assert result.conclusion == "cancelled"
    ends = [event.outcome.value for event in begun.events if isinstance(event, StepFinished)]
    assert ends == ["success", "cancelled", "success", "success"]


@pytest.mark.parametrize("moment", ["Set up job", "Run say one"])
def test_no_cancel_is_missed_whenever_it_comes(moment: str) -> None:
    """A cancel from within the events that surround the start of a step."""
    begun = World().start(job_of("- run: say one\n- run: say two"))

    def cancel(event: RunEvent, /) -> None:
        if getattr(event, "name", None) == moment:
            begun.run.cancel()

    begun.listeners.append(cancel)
    (result,) = begun.run.execute()
    assert result.conclusion == "cancelled"
    assert begun.machine.processes == []


def test_a_job_that_waits_for_a_thread_does_not_begin_when_the_run_is_cancelled() -> None:
    def hold(planned: PlannedJob) -> None:
        if planned.key == "two":  # its condition has been looked at
            begun.machine.waiting.set()

    begun = World(max_jobs=1, hold=hold).start(
        """
        on: push
        jobs:
          one: {runs-on: ubuntu-latest, steps: [{run: cancel when waiting}]}
          two: {runs-on: ubuntu-latest, steps: [{run: say never}]}
        """
    )
    ends = {result.key: result.conclusion.value for result in begun.run.execute()}
    assert ends == {"one": "cancelled", "two": "cancelled"}
    assert len(begun.machine.engine.sandboxes) == 1
    (why,) = [event.reason for event in begun.events if isinstance(event, JobFinished) and event.job_id == "two"]
    assert why == "the job was cancelled before it began"


BREAKING = {
    "in a step": "- run: break",
    "in a step that may fail": "- run: break\n  continue-on-error: true",
    "in a composite action": "- uses: ./act",
    "when the sandbox dies": "- run: die",
    "before a local action is read": "- run: say x\n- run: die\n  if: always()\n- uses: ./act\n  if: always()",
}


@pytest.mark.parametrize("steps", BREAKING.values(), ids=BREAKING)
def test_an_engine_that_breaks_ends_the_run_and_no_job(steps: str) -> None:
    world = World(files={"act/action.yml": composite("- {run: break, shell: bash}")})
    begun = world.start(job_of(steps))
    with pytest.raises(EngineError):
        begun.run.execute()
    assert not [event for event in begun.events if isinstance(event, JobFinished)]
    assert begun.twins.open == set()
    assert all(box.left for box in begun.machine.engine.sandboxes)


def test_a_job_beside_one_whose_engine_breaks_is_ended_at_once() -> None:
    begun = World(max_jobs=2).start(
        """
        on: push
        jobs:
          other:
            runs-on: ubuntu-latest
            steps:
              - run: wait
              - run: say never
                if: always()
          broken:
            runs-on: ubuntu-latest
            steps:
              - run: break when waiting
        """
    )
    with pytest.raises(EngineError, match="the engine broke"):
        begun.run.execute()
    (ended,) = [event for event in begun.events if isinstance(event, JobFinished)]
    assert (ended.job_id, ended.conclusion) == ("other", "cancelled")
    scripts = [process for process in begun.machine.processes if process.argv[0] != str(LAYOUT.python)]
    assert len(scripts) == 2

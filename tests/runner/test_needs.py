"""The jobs of a run: what one knows of another, matrices, and jobs that are known late."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from simulator.run_events import JobFinished, JobPlanned, JobStarted, RunEvent
from tests.runner.driving import Ran, World


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """Jobs, how each ends, and what a job prints."""

    jobs: str
    ends: dict[str, str]
    says: dict[str, list[str]] = field(default_factory=dict)

    def run(self) -> Ran:
        """Run them."""
        return World().run(f"on: push\njobs:\n{self.jobs}")


def job(name: str, *steps: str, **keys: str) -> str:
    """A job in one line; the values of keys are YAML."""
    more = "".join(f"{key.replace('_', '-')}: {value}, " for key, value in keys.items())
    listed = ", ".join(f"{{run: {step!r}}}" for step in steps or ("say x",))
    return f"  {name}: {{runs-on: ubuntu-latest, {more}steps: [{listed}]}}\n"


RESULT = "say ${{ needs.a.result }}"

CASES = {
    "a job waits for what it needs": Jobs(
        jobs=job("b", needs="a") + job("a"),
        ends={"b": "success", "a": "success"},
    ),
    "outputs go to those that need it, and to no other": Jobs(
        jobs="""
  a:
    runs-on: ubuntu-latest
    outputs: {v: '${{ steps.s.outputs.v }}', none: '${{ steps.s.outputs.none }}'}
    steps: [{id: s, run: output v=1.0}]
"""
        + job("b", "say ${{ needs.a.outputs.v }}/${{ needs.a.outputs.none }}/${{ needs.a.result }}", needs="a")
        + job("c", "say ${{ needs.a.outputs.v }}.", needs="b"),
        ends={"a": "success", "b": "success", "c": "success"},
        says={"b": ["1.0//success"], "c": ["."]},
    ),
    "a failure skips what needs it, however far": Jobs(
        jobs=job("a", "exit 1") + job("b", needs="a") + job("c", needs="b"),
        ends={"a": "failure", "b": "skipped", "c": "skipped"},
    ),
    "also past a job that ran all the same": Jobs(
        jobs=job("a", "exit 1") + job("b", needs="a", **{"if": "always()"}) + job("c", needs="b"),
        ends={"a": "failure", "b": "success", "c": "skipped"},
    ),
    "always(), failure() and !cancelled()": Jobs(
        jobs=job("a", "exit 1")
        + job("b", RESULT, needs="a", **{"if": "always()"})
        + job("c", RESULT, needs="a", **{"if": "failure()"})
        + job("d", RESULT, needs="a", **{"if": "'${{ !cancelled() }}'"})
        + job("e", needs="a", **{"if": "success()"}),
        ends={"a": "failure", "b": "success", "c": "success", "d": "success", "e": "skipped"},
        says={"b": ["failure"], "c": ["failure"], "d": ["failure"]},
    ),
    "a skipped job skips what needs it": Jobs(
        jobs=job("a", **{"if": "github.ref_type == 'branch'"})
        + job("b", needs="a")
        + job("c", needs="b")
        + job("d", RESULT, needs="a", **{"if": "'${{ !failure() }}'"}),
        ends={"a": "skipped", "b": "skipped", "c": "skipped", "d": "success"},
        says={"d": ["skipped"]},
    ),
    "failure() sees an ancestor's": Jobs(
        jobs=job("a", "exit 1") + job("b", needs="a") + job("c", needs="b", **{"if": "failure()"}),
        ends={"a": "failure", "b": "skipped", "c": "success"},
    ),
    "a job that may fail counts as good": Jobs(
        jobs=job("a", "exit 1", continue_on_error="true") + job("b", RESULT, needs="a"),
        ends={"a": "success", "b": "success"},
        says={"b": ["success"]},
    ),
    "one that says it may not": Jobs(
        jobs=job("a", "exit 1", continue_on_error="false") + job("b", RESULT, needs="a"),
        ends={"a": "failure", "b": "skipped"},
    ),
    "a condition on an output": Jobs(
        jobs="""
  a:
    runs-on: ubuntu-latest
    outputs: {go: '${{ steps.s.outputs.go }}'}
    steps: [{id: s, run: output go=no}]
"""
        + job("b", needs="a", **{"if": "needs.a.outputs.go == 'yes'"})
        + job("c", needs="a", **{"if": "needs.a.outputs.go == 'no'"}),
        ends={"a": "success", "b": "skipped", "c": "success"},
    ),
    "a condition that cannot be evaluated fails the job": Jobs(
        jobs=job("a") + job("b", needs="a", **{"if": "\"format('{1}')\""}) + job("c", needs="b"),
        ends={"a": "success", "b": "failure", "c": "skipped"},
    ),
    "two jobs by name": Jobs(
        jobs=job("a", "exit 1")
        + job("b")
        + job("c", needs="[a, b]", **{"if": "\"always() && success('b')\""})
        + job("d", needs="[a, b]", **{"if": "\"always() && failure('b')\""}),
        ends={"a": "failure", "b": "success", "c": "success", "d": "skipped"},
    ),
    "a matrix: its values, its place in the strategy": Jobs(
        jobs=job(
            "a",
            "say ${{ matrix.os }} ${{ strategy.job-index }}/${{ strategy.job-total }} ${{ strategy.max-parallel }}",
            strategy="{matrix: {os: [x, y]}}",
        ),
        ends={"a (x)": "success", "a (y)": "success"},
        says={"a (x)": ["x 0/2 2"], "a (y)": ["y 1/2 2"]},
    ),
    "a matrix fails fast": Jobs(
        jobs=job("a", "exit ${{ matrix.code }}", strategy="{matrix: {code: [1, 0]}, max-parallel: 1}")
        + job("b", RESULT, needs="a", **{"if": "always()"}),
        ends={"a (1)": "failure", "a (0)": "cancelled", "b": "success"},
        says={"b": ["failure"]},
    ),
    "a matrix that does not": Jobs(
        jobs=job(
            "a", "exit ${{ matrix.code }}", strategy="{matrix: {code: [1, 0]}, max-parallel: 1, fail-fast: false}"
        ),
        ends={"a (1)": "failure", "a (0)": "success"},
    ),
    "a combination that may fail does not end the others": Jobs(
        jobs=job(
            "a",
            "exit ${{ matrix.code }}",
            strategy="{matrix: {code: [1, 0]}, max-parallel: 1}",
            continue_on_error="'${{ matrix.code == 1 }}'",
        ),
        ends={"a (1)": "success", "a (0)": "success"},
    ),
    "a matrix from an output": Jobs(
        jobs="""
  a:
    runs-on: ubuntu-latest
    outputs: {list: '${{ steps.s.outputs.list }}'}
    steps: [{id: s, run: 'output list=["p", "q"]'}]
  b:
    needs: a
    runs-on: ubuntu-latest
    strategy: {matrix: {x: '${{ fromJSON(needs.a.outputs.list) }}'}}
    steps: [{run: 'say ${{ matrix.x }}'}]
"""
        + job("c", "say ${{ needs.b.result }}", needs="b"),
        ends={"a": "success", "b (p)": "success", "b (q)": "success", "c": "success"},
        says={"b (p)": ["p"], "b (q)": ["q"], "c": ["success"]},
    ),
    "an output that is no matrix fails the job": Jobs(
        jobs="""
  a:
    runs-on: ubuntu-latest
    outputs: {list: '${{ steps.s.outputs.list }}'}
    steps: [{id: s, run: 'output list=[]'}]
  b:
    needs: a
    runs-on: ubuntu-latest
    strategy: {matrix: {x: '${{ fromJSON(needs.a.outputs.list) }}'}}
    steps: [{run: say never}]
"""
        + job("c", needs="b"),
        ends={"a": "success", "b": "failure", "c": "skipped"},
    ),
    "labels from an output, of which pysim has no runner": Jobs(
        jobs="""
  a:
    runs-on: ubuntu-latest
    outputs: {os: '${{ steps.s.outputs.os }}'}
    steps: [{id: s, run: output os=windows-latest}]
  b: {needs: a, runs-on: '${{ needs.a.outputs.os }}', steps: [{run: say never}]}
""",
        ends={"a": "success", "b": "skipped"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_jobs(case: Jobs) -> None:
    ran = case.run()
    assert ran.conclusions == case.ends
    assert {name: ran.printed(name) for name in case.says} == case.says


def test_why_a_job_was_skipped() -> None:
    ran = World().run(
        "on: push\njobs:\n"
        + job("a", "exit 1")
        + job("b", needs="a", **{"if": "always()"})
        + job("c", needs="b")
        + job("d", **{"if": "github.ref_type == 'branch'"})
    )
    assert ran.reason("c") == "a job that it needs did not succeed: a (failure)"
    assert ran.reason("d") == "its condition is false: github.ref_type == 'branch' is false ('tag' against 'branch')"


def test_a_job_that_is_held() -> None:
    ran = World(hold=lambda planned: "not yet" if planned.job.id == "b" else None).run(
        "on: push\njobs:\n" + job("a") + job("b", needs="a") + job("c", needs="b")
    )
    assert ran.conclusions == {"a": "success", "b": "skipped", "c": "skipped"}
    assert ran.reason("b") == "not yet"


def test_jobs_that_are_known_late_are_announced() -> None:
    ran = CASES["a matrix from an output"].run()
    planned = [event for event in ran.events if isinstance(event, JobPlanned)]
    assert [(event.job_id, event.name, event.needs) for event in planned] == [
        ("b (p)", "b (p)", ("a",)),
        ("b (q)", "b (q)", ("a",)),
    ]
    assert ran.reason("b") == "its matrix makes 2 jobs of it"


def test_their_keys_have_the_name_of_the_workflow_where_there_are_several() -> None:
    world = World(prefix="release/")
    ran = world.run(f"on: push\njobs:\n{CASES['a matrix from an output'].jobs}")
    assert list(ran.conclusions) == ["release/a", "release/b (p)", "release/b (q)", "release/c"]


def test_no_more_jobs_at_once_than_max_parallel_says() -> None:
    running: set[str] = set()
    most: list[int] = []
    begun = World(max_jobs=4).start(
        "on: push\njobs:\n" + job("a", "say x", strategy="{matrix: {n: [1, 2, 3, 4]}, max-parallel: 2}")
    )

    def count(event: RunEvent, /) -> None:
        if isinstance(event, JobStarted):
            running.add(event.job_id)
            most.append(len(running))
        elif isinstance(event, JobFinished):
            running.discard(event.job_id)

    begun.listeners.append(count)
    assert len(begun.run.execute()) == 4
    assert max(most) <= 2


def test_a_fast_failure_ends_what_runs() -> None:
    ran = World(max_jobs=2).run(
        "on: push\njobs:\n" + "  a: {runs-on: ubuntu-latest, strategy: {matrix: {do: [wait, fail when waiting]}}, "
        "steps: [{run: '${{ matrix.do }}'}]}\n"
    )
    assert ran.conclusions == {"a (wait)": "cancelled", "a (fail when waiting)": "failure"}

"""Which jobs a drill runs, and what its attempts say."""

from __future__ import annotations

import pytest

from simulator.rehearsal.drills import DRILLS, Attempt, Drill, Drilled, after, at_index, divide, survived
from simulator.twins.injection.faults import parse_faults
from tests.runner.driving import plan_of

UPLOAD = "steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]"
WORKFLOW = f"""
on: push
jobs:
  lint: {{runs-on: ubuntu-latest, steps: [{{run: x}}]}}
  build: {{runs-on: ubuntu-latest, permissions: {{id-token: write}}, steps: [{{run: x}}]}}
  off: {{runs-on: ubuntu-latest, if: false, {UPLOAD}}}
  testpypi: {{needs: build, runs-on: ubuntu-latest, {UPLOAD}}}
  try-it: {{needs: testpypi, runs-on: ubuntu-latest, steps: [{{run: x}}]}}
  pypi: {{needs: [build, try-it], runs-on: ubuntu-latest, {UPLOAD}}}
  announce: {{needs: pypi, runs-on: ubuntu-latest, steps: [{{run: x}}]}}
"""
BY_TOKEN = "on: push\njobs: {it: {runs-on: ubuntu-latest, permissions: {id-token: write}, steps: [{run: ./publish}]}}"
WHOLE = (("pypi", "a.whl"), ("pypi", "a.tar.gz"))
OK = Attempt(ok=True, reason="", there=WHOLE, seconds=1)
CUT = Attempt(ok=False, reason="403 no", there=WHOLE[:1], seconds=1)
EXISTS = Attempt(ok=False, reason="400 File already exists ('a.whl', ...)", there=WHOLE[:1], seconds=1)
DRILL = DRILLS[1]
ALL = Drill(name="all", faults=("x",), says="x", again="all")


def test_what_is_run_once_and_what_in_each_attempt() -> None:
    division = divide(plan_of(WORKFLOW))
    assert division.before == {"build"}
    assert division.publishing == {"testpypi", "try-it", "pypi"}
    assert division.left == ("lint", "off", "announce")


def test_a_job_that_may_publish_by_its_token_alone() -> None:
    division = divide(plan_of(BY_TOKEN))
    assert division.publishing == {"it"}
    assert not division.before


def test_failed_jobs_are_run_again_with_what_needs_them() -> None:
    assert after(plan_of(WORKFLOW), {"try-it"}) == {"try-it", "pypi", "announce"}


def test_of_two_indexes_the_main_one_fails() -> None:
    both = [*WHOLE, ("testpypi", "a.whl")]
    assert at_index(DRILL, both).faults == ("upload-503=2+@pypi",)
    assert at_index(DRILL, WHOLE) == DRILL
    for drill in DRILLS:
        parse_faults(at_index(drill, both).faults)


def drilled(drill: Drill, first: Attempt, second: Attempt | None = None, **more: bool) -> Drilled:
    return Drilled(drill=drill, whole=WHOLE, met=more.pop("met", True), first=first, second=second, **more)


@pytest.mark.parametrize(
    ("subject", "outcome", "advice"),
    [
        (drilled(DRILL, OK), "first attempt", "Nothing: the release goes through."),
        (drilled(DRILL, OK, met=False), "not met", "Nothing: the release does not meet it."),
        (drilled(DRILL, CUT, OK), "second attempt", DRILL.advice),
        (drilled(DRILL, CUT, EXISTS), "lost", "Build in a job of its own and hand the files over"),
        (drilled(DRILL, CUT, CUT), "lost", "See the record of the second attempt."),
        (drilled(ALL, CUT, EXISTS), "lost", "Never re-run all jobs after a part was uploaded"),
        (
            drilled(DRILL, Attempt(ok=True, reason="", there=WHOLE[:1], seconds=1)),
            "lost",
            "See the record",
        ),
    ],
)
def test_what_came_of_it(subject: Drilled, outcome: str, advice: str) -> None:
    assert subject.outcome == outcome
    assert subject.advice.startswith(advice)


def test_files_of_two_builds_are_told() -> None:
    second = Attempt(ok=True, reason="", there=WHOLE, seconds=1, passed_over=True)
    assert "two builds" in drilled(DRILL, CUT, second, rebuilds=True).advice
    assert "two builds" not in drilled(DRILL, CUT, second).advice


def test_what_can_be_avoided_does_not_count() -> None:
    assert survived([drilled(DRILL, CUT, OK), drilled(ALL, CUT, EXISTS)])
    assert not survived([drilled(DRILL, CUT, EXISTS), drilled(DRILL, CUT, OK)])
    assert drilled(DRILL, CUT, OK).missing == WHOLE[1:]

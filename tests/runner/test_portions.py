"""A part of a workflow, and a further attempt that keeps the results of an earlier one."""

from __future__ import annotations

from dataclasses import replace

from simulator.run_events import JobStarted
from simulator.runner.model import Portion
from tests.runner.driving import World, plan_of

WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {v: '${{ steps.s.outputs.v }}'}
    steps: [{id: s, run: output v=1.0}]
  lint:
    runs-on: ubuntu-latest
    steps: [{run: exit 1}]
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps: [{run: 'say ${{ needs.build.outputs.v }} in attempt ${{ github.run_attempt }}'}]
"""
CALLING = """
on: push
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: say x}]}
  publish: {needs: build, uses: ./.github/workflows/called.yml}
"""
CALLED = "on: workflow_call\njobs: {upload: {runs-on: ubuntu-latest, steps: [{run: say y}]}}"


def part(*names: str, text: str = WORKFLOW, called: dict[str, str] | None = None) -> Portion:
    return Portion(jobs=tuple(job for job in plan_of(text, called=called).jobs if job.job.id in names))


def test_nothing_else_is_there_to_run() -> None:
    ran = World(portion=part("build")).run(WORKFLOW)
    assert ran.conclusions == {"build": "success"}
    assert World(portion=Portion(jobs=())).run(WORKFLOW).conclusions == {}


def test_earlier_results_are_known_and_not_run_again() -> None:
    first = World(portion=part("build")).start(WORKFLOW)
    first.run.execute()
    (built,) = first.run.portions()
    assert set(built.results) == {"build"}
    further = replace(built, jobs=(*built.jobs, *part("publish").jobs))
    ran = World(portion=further).run(WORKFLOW)
    assert ran.conclusions == {"build": "success", "publish": "success"}
    assert ran.printed("publish") == ["1.0 in attempt 1"]
    assert [event.job_id for event in ran.events if isinstance(event, JobStarted)] == ["publish"]


def test_a_called_workflow_is_run_whole() -> None:
    called = {"called.yml": CALLED}
    first = World(portion=part("build", text=CALLING, called=called), called=called).start(CALLING)
    first.run.execute()
    (built,) = first.run.portions()
    further = replace(built, jobs=(*built.jobs, *part("publish", text=CALLING, called=called).jobs))
    ran = World(portion=further, called=called).run(CALLING)
    assert ran.conclusions == {"build": "success", "publish / upload": "success"}

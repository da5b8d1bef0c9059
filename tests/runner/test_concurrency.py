"""Concurrency groups: of jobs, of workflows that run beside each other, and of called workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from simulator.run_events import JobFinished, JobStarted, RunEvent
from tests.runner.driving import Ran, World


def job(name: str, script: str = "say x", *, more: str = "") -> str:
    return f"  {name}: {{runs-on: ubuntu-latest, {more and more + ', '}steps: [{{run: '{script}'}}]}}\n"


def superseded(group: str) -> str:
    return f"Canceling since a higher priority waiting request for '{group}' exists"


def deadlock(group: str, job: str, holder: str = "top level workflow") -> str:
    return f"Canceling since a deadlock for concurrency group '{group}' was detected between '{holder}' and '{job}'"


ON = "on: push\n"
BUILD = "jobs:\n" + job("build")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Workflows that one event starts, how their jobs end, and why those that did not run did not."""

    workflows: tuple[str, ...]
    ends: Mapping[str, str]
    why: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> Ran:
        return World(called=self.called, max_jobs=4).run(*self.workflows)


CASES = {
    "jobs of one group come one after another": Group(
        workflows=(ON + "jobs:\n" + job("a", more="concurrency: g") + job("b", more="concurrency: G"),),
        ends={"a": "success", "b": "success"},
    ),
    "the newest waits, the older one that waits is cancelled": Group(
        workflows=(
            ON
            + "jobs:\n"
            + job("a", more="concurrency: g")
            + job("b", more="concurrency: g")
            + job("c", more="concurrency: {group: g}")
            + job("d", more="needs: b")
            + job("e", more="needs: b, if: always()"),
        ),
        ends={"a": "success", "b": "cancelled", "c": "success", "d": "skipped", "e": "success"},
        why={"b": superseded("g")},
    ),
    "a matrix in one group": Group(
        workflows=(ON + "jobs:\n" + job("a", more="concurrency: deploy, strategy: {matrix: {v: [1, 2, 3]}}"),),
        ends={"a (1)": "success", "a (2)": "cancelled", "a (3)": "success"},
        why={"a (2)": superseded("deploy")},
    ),
    "a matrix with a group for each": Group(
        workflows=(
            ON + "jobs:\n" + job("a", more="concurrency: 'g-${{ matrix.v }}', strategy: {matrix: {v: [1, 2, 3]}}"),
        ),
        ends={"a (1)": "success", "a (2)": "success", "a (3)": "success"},
    ),
    "a queue of any length": Group(
        workflows=(
            ON + "jobs:\n" + job("a", more="concurrency: {group: g, queue: max}, strategy: {matrix: {v: [1, 2, 3]}}"),
        ),
        ends={"a (1)": "success", "a (2)": "success", "a (3)": "success"},
    ),
    "a newer one that cancels what is in progress": Group(
        workflows=(
            ON
            + "jobs:\n"
            + job("a", "wait", more="concurrency: g")
            + job("first")
            + job("b", more="needs: first, concurrency: {group: g, cancel-in-progress: true}"),
        ),
        ends={"a": "cancelled", "first": "success", "b": "success"},
        why={"a": superseded("g")},
    ),
    "what cancels may be an expression": Group(
        workflows=(
            ON
            + "jobs:\n"
            + job("a", more="concurrency: g")
            + job("b", more="concurrency: {group: g, cancel-in-progress: \"${{ github.ref_type == 'branch' }}\"}"),
        ),
        ends={"a": "success", "b": "success"},
    ),
    "no group": Group(
        workflows=(ON + "jobs:\n" + job("a", more="concurrency: '${{ vars.NONE }}'"),), ends={"a": "success"}
    ),
    "a group with too long a name": Group(
        workflows=(ON + "jobs:\n" + job("a", more="concurrency: \"${{ format('{0}{0}', '%s') }}\"" % ("x" * 300)),),
        ends={"a": "failure"},
        why={"a": "Concurrency group name must be less than 400 characters"},
    ),
    "workflows of one group: the one between is cancelled": Group(
        workflows=(ON + "concurrency: g\n" + BUILD,) * 3,
        ends={"a/build": "success", "b/build": "cancelled", "c/build": "success"},
        why={"b/build": superseded("g")},
    ),
    "a workflow that cancels the others of its group": Group(
        workflows=(
            ON + "concurrency: '${{ github.ref }}'\n" + BUILD,
            ON + "concurrency: {group: '${{ github.ref }}', cancel-in-progress: true}\n" + BUILD,
        ),
        ends={"a/build": "cancelled", "b/build": "success"},
        why={"a/build": superseded("refs/tags/v1")},
    ),
    "jobs of two workflows in one group": Group(
        workflows=(
            ON + "jobs:\n" + job("p", more="concurrency: g"),
            ON + "jobs:\n" + job("q", more="concurrency: g") + job("r", more="concurrency: g"),
        ),
        ends={"a/p": "success", "b/q": "cancelled", "b/r": "success"},
        why={"b/q": superseded("g")},
    ),
    "a job in the group of its own workflow": Group(
        workflows=(ON + "concurrency: G\njobs:\n" + job("a", more="concurrency: g") + job("b", more="needs: a"),),
        ends={"a": "cancelled", "b": "skipped"},
        why={"a": deadlock("g", "a")},
    ),
    "a called workflow in the group of its caller": Group(
        workflows=(
            ON + "concurrency: '${{ github.workflow }}'\n"
            "jobs:\n  x: {name: Publish, uses: ./.github/workflows/b.yml}\n",
        ),
        called={
            "b.yml": "on: workflow_call\n"
            "concurrency: {group: '${{ github.workflow }}', cancel-in-progress: true}\n" + BUILD
        },
        ends={"x / build": "cancelled"},
        why={"x / build": deadlock(".github/workflows/release.yml", "Publish")},
    ),
    "a called job in the group of the job that calls": Group(
        workflows=(ON + "jobs:\n  x: {concurrency: g, uses: ./.github/workflows/b.yml}\n",),
        called={"b.yml": "on: workflow_call\njobs:\n" + job("a", more="concurrency: g")},
        ends={"x / a": "cancelled"},
        why={"x / a": deadlock("g", "x / a", holder="x")},
    ),
    "called workflows in one group": Group(
        workflows=(
            ON + "jobs:\n  x: {strategy: {matrix: {v: [1, 2, 3]}}, uses: ./.github/workflows/b.yml}\n",
        ),
        called={"b.yml": "on: workflow_call\nconcurrency: g\n" + BUILD},
        ends={"x (1) / build": "success", "x (2) / build": "cancelled", "x (3) / build": "success"},
        why={"x (2) / build": superseded("g")},
    ),
    "two that wait for each other": Group(
        workflows=(
            ON + "concurrency: g\njobs:\n" + job("p") + job("q", more="needs: p, concurrency: h"),
            ON + "concurrency: h\njobs:\n" + job("p") + job("q", more="needs: p, concurrency: g"),
        ),
        ends={"a/p": "success", "a/q": "cancelled", "b/p": "success", "b/q": "success"},
        why={"a/q": "it waits for the concurrency group 'h', whose holder waits for this workflow"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_groups(case: Group) -> None:
    ran = case.run()
    assert ran.conclusions == case.ends
    assert {name: ran.reason(name) for name in case.why} == case.why


def test_one_job_of_a_group_at_a_time() -> None:
    running: set[str] = set()
    most: list[int] = []
    group = job("a", more="concurrency: {group: g, queue: max}, strategy: {matrix: {v: [1, 2, 3, 4]}}")
    begun = World(max_jobs=4).start(ON + "jobs:\n" + group, ON + "jobs:\n" + group)

    def count(event: RunEvent, /) -> None:
        if isinstance(event, JobStarted):
            running.add(event.job_id)
            most.append(len(running))
        elif isinstance(event, JobFinished):
            running.discard(event.job_id)

    begun.listeners.append(count)
    assert len(begun.run.execute()) == 8
    assert max(most) == 1


def test_a_cancelled_run_ends_what_waits() -> None:
    begun = World(max_jobs=4).start(
        ON
        + "jobs:\n"
        + job("a", "wait", more="concurrency: g")
        + job("b", more="concurrency: g")
        + job("c", "say c", more="if: always(), concurrency: h")
    )
    begun.listeners.append(lambda event: begun.run.cancel() if type(event).__name__ == "StepStarted" else None)
    ends = {result.key: result.conclusion.value for result in begun.run.execute()}
    assert ends == {"a": "cancelled", "b": "cancelled", "c": "success"}

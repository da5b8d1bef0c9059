"""A job's `if:` when its needs are done."""

from __future__ import annotations

import pytest

from simulator.expressions.language import ExpressionError, Value
from simulator.planning.conditions import job_condition
from simulator.planning.model import Plan
from simulator.planning.plan import plan
from simulator.triggers.model import Event
from simulator.workflow.loader import load_workflow

TAG = Event(name="push", ref="refs/tags/v1", sha="a" * 40, payload={})
CHAIN = """
on: push
jobs:
  lint: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  build: { needs: lint, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  publish: { needs: build, if: "CONDITION", runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
"""


def chain(condition: str) -> Plan:
    loaded = load_workflow(CHAIN.replace("CONDITION", condition), "w.yml")
    assert loaded.workflow, loaded.diagnostics
    contexts: dict[str, Value] = {"github": {"event_name": "push"}, "vars": {"GO": "yes"}, "inputs": {}}
    return plan(loaded.workflow, TAG, contexts=contexts)


def runs(condition: str, *, lint: str, build: str, cancelled: bool = False) -> bool:
    planned = chain(condition)
    publish = next(job for job in planned.jobs if job.key == "publish")
    needs: dict[str, Value] = {"build": {"result": build, "outputs": {"version": "1.0"}}}
    return job_condition(publish, planned, needs=needs, results={"lint": lint, "build": build}, cancelled=cancelled)


@pytest.mark.parametrize(
    ("condition", "lint", "build", "expected"),
    [
        ("", "success", "success", True),
        ("", "success", "failure", False),
        ("", "failure", "success", False),
        ("", "skipped", "success", False),
        ("", "cancelled", "success", False),
        ("github.event_name == 'push'", "success", "success", True),
        ("github.event_name == 'push'", "skipped", "success", False),
        ("vars.GO == 'yes'", "success", "success", True),
        ("always()", "failure", "failure", True),
        ("!cancelled()", "skipped", "success", True),
        ("failure()", "success", "success", False),
        ("failure()", "failure", "success", True),
        ("failure()", "skipped", "skipped", False),
        ("success('build')", "failure", "success", True),
        ("success('build', 'lint')", "failure", "success", False),
        ("failure('build')", "failure", "success", False),
        ("failure('lint')", "failure", "success", True),
        ("always() && needs.build.result == 'success'", "failure", "success", True),
        ("always() && needs.build.result == 'success'", "failure", "failure", False),
        ("needs.build.outputs.version == '1.0'", "success", "success", True),
        ("needs.build.outputs.version == '2.0'", "success", "success", False),
        ("cancelled()", "success", "cancelled", False),
    ],
)
def test_results(condition: str, lint: str, build: str, expected: bool) -> None:
    assert runs(condition, lint=lint, build=build) is expected


@pytest.mark.parametrize(
    ("condition", "expected"), [("", False), ("always()", True), ("cancelled()", True), ("failure()", False)]
)
def test_a_cancelled_run(condition: str, expected: bool) -> None:
    assert runs(condition, lint="success", build="success", cancelled=True) is expected


def test_a_job_without_needs() -> None:
    planned = chain("")
    assert job_condition(planned.jobs[0], planned, needs={}, results={})


def test_a_condition_that_fails() -> None:
    with pytest.raises(ExpressionError):
        runs("fromJSON('nonsense')", lint="success", build="success")

"""Plans of real workflow files. A case is a folder: `workflow.yml`, what is `given`, and the plan that is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InvalidWorkflowError
from simulator.expressions.language import Value
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.plan import expand_job, plan
from simulator.triggers.model import Event
from simulator.workflow.loader import load_workflow
from simulator.workflow.model import Workflow

CASES = sorted(Path(__file__).with_name("cases").iterdir())
SAMPLE = Path(__file__).parents[2] / "sample_repo" / ".github" / "workflows" / "pypi.yml"


def load(file: Path) -> Workflow:
    loaded = load_workflow(file.read_text(encoding="utf-8"), ".github/workflows/workflow.yml")
    assert loaded.workflow is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.workflow


def planned(workflow: Workflow, given: Mapping[str, Any]) -> Plan:
    ref = f"refs/tags/{given['tag']}" if "tag" in given else "refs/heads/main"
    event = Event(name=given["event"], ref=ref, sha="a" * 40, payload={}, inputs=given.get("inputs", {}))
    contexts: dict[str, Value] = {
        "github": {"event_name": event.name, "ref": ref, "ref_name": event.ref_name, "ref_type": event.ref_type},
        "vars": given.get("vars", {}),
        "inputs": event.inputs,
    }
    return plan(workflow, event, contexts=contexts)


def shown(job: PlannedJob) -> dict[str, object]:
    """A job in the words of a case; what is usual is left out."""
    full: dict[str, object] = {
        "key": job.key,
        "name": job.name,
        "needs": job.needs,
        "decision": job.decision,
        "runs_on": job.runs_on,
        "environment": job.environment,
        "matrix": job.matrix,
        "place": f"{job.index} of {job.total}",
        "permissions": job.permissions,
        "fail_fast": job.fail_fast,
        "max_parallel": job.max_parallel,
        "deferred": job.deferred,
    }
    usual = {
        "needs": (),
        "decision": "run",
        "runs_on": ("ubuntu-latest",),
        "environment": None,
        "matrix": {},
        "place": "0 of 1",
        "permissions": {"metadata": "read", "contents": "read", "packages": "read"},
        "fail_fast": True,
        "max_parallel": None,
        "deferred": False,
    }
    return {key: value for key, value in full.items() if key not in usual or value != usual[key]}


def outcome(case: Path) -> dict[str, object]:
    workflow = load(case / "workflow.yml")
    given = json.loads((case / "given.json").read_text(encoding="utf-8"))
    try:
        result = planned(workflow, given)
    except InvalidWorkflowError as error:
        return {"fault": str(error), "places": [str(each.span) for each in error.diagnostics]}
    found: dict[str, object] = {"jobs": [shown(job) for job in result.jobs]}
    if "needs" in given:
        found["later"] = {
            job.key: [shown(final) for final in expand_job(result, job.job.id, needs=given["needs"])]
            for job in result.jobs
            if job.deferred
        }
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, update_cases: bool) -> None:
    expected = case / "plan.json"
    text = json.dumps(outcome(case), indent=2, ensure_ascii=False) + "\n"
    if update_cases:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def decisions(**given: object) -> dict[str, str]:
    return {job.key: job.decision for job in planned(load(SAMPLE), given).jobs}


def test_the_sample_on_a_tag() -> None:
    build, publish = planned(load(SAMPLE), {"event": "push", "tag": "v0.1.0"}).jobs
    assert (build.decision, publish.decision) == ("run", "run")
    assert publish.environment == "pypi"
    assert publish.needs == ("build",)
    assert publish.permissions.get("id-token") == "write"
    assert "contents" not in publish.permissions
    assert "id-token" not in build.permissions


def test_the_sample_started_by_hand() -> None:
    assert decisions(event="workflow_dispatch", inputs={"test_pypi": True})["publish-pypi"] == "skip"
    assert decisions(event="workflow_dispatch", inputs={"test_pypi": False})["publish-pypi"] == "run"


def test_equal_input_gives_an_equal_plan() -> None:
    workflow = load(SAMPLE)
    given = {"event": "push", "tag": "v0.1.0"}
    assert planned(workflow, given) == planned(workflow, given)

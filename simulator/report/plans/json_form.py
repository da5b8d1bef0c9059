"""A plan as one JSON document; its form is versioned, and keys are only ever added."""

from __future__ import annotations

import dataclasses
import json

from simulator.report.plans.model import PlanView
from simulator.report.problems.json_form import problem_object

VERSION = 1


def render_json(plan: PlanView) -> str:
    """`{"version", "event", "repository", "sha", "workflows": [{..., "jobs": [...]}], "unheard", "notices",
    "problems": [as `problems.json_form` has them]}`.
    """
    problems = [problem_object(each) for each in plan.problems]
    return json.dumps({"version": VERSION, **dataclasses.asdict(plan), "problems": problems}, indent=2)

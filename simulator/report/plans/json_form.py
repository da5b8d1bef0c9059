"""A plan as one JSON document; its form is versioned, and keys are only ever added."""

from __future__ import annotations

import dataclasses
import json

from simulator.report.plans.model import PlanView

VERSION = 1


def render_json(plan: PlanView) -> str:
    """`{"version", "event", "repository", "sha", "workflows": [{..., "jobs": [...]}], "unheard", "notices"}`."""
    return json.dumps({"version": VERSION, **dataclasses.asdict(plan)}, indent=2)

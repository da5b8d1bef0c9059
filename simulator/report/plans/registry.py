"""The forms of a plan by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from simulator.report.plans.graph import render_graph
from simulator.report.plans.json_form import render_json
from simulator.report.plans.model import PlanRenderer
from simulator.report.plans.text import render_list, render_text

PlanForm = Literal["text", "list", "graph", "json"]

PLAN_FORMS: Final[Mapping[PlanForm, PlanRenderer]] = {
    "text": render_text,
    "list": render_list,
    "graph": render_graph,
    "json": render_json,
}

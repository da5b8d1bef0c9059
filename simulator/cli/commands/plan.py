"""`pysim plan`: which workflows an event starts, and what they would do; and the list of what there is."""

from __future__ import annotations

from collections.abc import Callable

from simulator.cli.remedies import spelled_out
from simulator.errors import ExitCode
from simulator.operations.plan import list_workflows
from simulator.operations.plan import plan as planned_by
from simulator.operations.request import Request
from simulator.report.diagnostics import diagnostics_text
from simulator.report.plans.registry import PLAN_FORMS, PlanForm


def plan(request: Request, form: PlanForm, say: Callable[[str], None], complain: Callable[[str], None]) -> ExitCode:
    """Plan and show; raises SimulatorError for what keeps pysim from doing so.

    1 when nothing starts, 3 when a workflow that may start is not valid: what is wrong is handed to `complain`.
    """
    planned = list_workflows(request) if form == "list" else planned_by(request)
    say(PLAN_FORMS[form](planned.view))
    if planned.problems:
        complain(diagnostics_text(map(spelled_out, planned.problems), planned.sources.get))
    if planned.invalid:
        return ExitCode.INVALID_WORKFLOW
    return ExitCode.GO if planned.starts else ExitCode.NO_GO

"""`pysim plan`: which workflows an event starts, and what they would do; and the list of what there is."""

from __future__ import annotations

from collections.abc import Callable

from simulator.configuration.reading import load_configuration
from simulator.errors import ExitCode, UsageError
from simulator.operations.plan import list_repository, plan_repository
from simulator.operations.request import RunOptions, require_one_event
from simulator.paths import temporary_folder
from simulator.report.diagnostics import diagnostics_text
from simulator.report.plans.registry import PLAN_FORMS, PlanForm
from simulator.triggers.repository import find_root


def plan(options: RunOptions, form: PlanForm, say: Callable[[str], None], complain: Callable[[str], None]) -> ExitCode:
    """Plan and show; raises SimulatorError for what keeps pysim from doing so.

    1 when nothing starts, 3 when a workflow is not valid: what is wrong is handed to `complain`.
    """
    if form != "list":
        _require_sense(options)
    root = find_root(options.directory)
    configuration = load_configuration(root, secret_file=options.secret_file)
    with temporary_folder("plan") as folder:
        work = list_repository if form == "list" else plan_repository
        planned = work(options, root, folder / "source.git", configuration)
    say(PLAN_FORMS[form](planned.view))
    if planned.diagnostics:
        complain(diagnostics_text(planned.diagnostics, planned.sources.get))
        return ExitCode.INVALID_WORKFLOW
    started = form == "list" or any(workflow.starts for workflow in planned.view.workflows)
    return ExitCode.GO if started else ExitCode.NO_GO


def _require_sense(options: RunOptions) -> None:
    dispatch = options.event_name == "workflow_dispatch"
    if options.tag is None and (options.event_name == "release" or (options.branch is None and not dispatch)):
        raise UsageError(
            "There is nothing to plan: no tag was given.",
            hint="Say which: pysim plan --tag v1.2.3. For a list of all workflows: pysim plan -l.",
        )
    require_one_event(options)

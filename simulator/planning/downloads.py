"""Which artifacts the jobs of a run may take up again."""

from __future__ import annotations

import re
from typing import Final

from simulator.dated_facts import read_facts
from simulator.planning.artifact_names import ANY, may_take, pattern_of
from simulator.planning.calls import all_jobs
from simulator.planning.known import UNKNOWN
from simulator.planning.model import Plan
from simulator.planning.tools import DOWNLOAD_ARTIFACT, action_name, code_of, given_input
from simulator.workflow.model import Step

_CLIENTS: Final = re.compile(r"gh\s+run\s+download|/artifacts\b|ACTIONS_RUNTIME_TOKEN")


def may_be_downloaded(plan: Plan, artifact: str) -> bool:
    """Whether a job that may run here can take up an artifact; its name may have parts that are not known yet.

    True for what is in doubt: a workflow that another calls, and a step that nobody sees through.
    """
    if plan.inherited.called is not None:
        return True
    jobs = {id(job): job for _, job in all_jobs(plan)}  # those of a matrix are one
    return any(_may_take(step, artifact) for job in jobs.values() for step in job.all_steps)


def _may_take(step: Step, artifact: str) -> bool:
    if step.run is not None:
        return _CLIENTS.search(code_of(step.run.source)) is not None
    if step.uses is None:
        return False
    name = action_name(step.uses.value)
    if name != DOWNLOAD_ARTIFACT:
        is_merge = "/merge@" in step.uses.value.lower()  # of actions/upload-artifact
        return name not in read_facts("actions")["takes_no_artifacts"] or is_merge
    if given_input(step, "artifact-ids") is not None:
        return True
    given = (given_input(step, key) for key in ("name", "pattern"))
    wanted, pattern = (pattern_of(text) if text is not None and text.source else None for text in given)
    return may_take(wanted, pattern, artifact.replace(UNKNOWN, ANY))

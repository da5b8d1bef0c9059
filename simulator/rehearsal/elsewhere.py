"""What a rehearsal would write for real to systems that pysim does not stand in for: it does not begin then.

Sees the addresses and the commands that are written in a workflow; the gateway cannot look into TLS to hosts outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from simulator.findings import Finding, Severity
from simulator.planning.outside import writes_outside
from simulator.planning.tools import given_inputs, publishing_step
from simulator.planning.uploads import foreign_indexes_of_action, foreign_indexes_of_script
from simulator.rehearsal.rules.release import variables
from simulator.remedies import Act, remedy
from simulator.workflow.model import Job, Step, Workflow


def uploads_elsewhere(jobs: Iterable[tuple[Workflow, Job]]) -> tuple[Finding, ...]:
    """An error for each step of the jobs that uploads to another index than PyPI and TestPyPI, or writes elsewhere.

    Each job comes with its file.
    """
    found = (finding for workflow, job in jobs for step in job.all_steps for finding in _step(workflow, job, step))
    return tuple(dict.fromkeys(found))


def _step(workflow: Workflow, job: Job, step: Step) -> Iterator[Finding]:
    if publishing_step(step) is not None:
        for host in _foreign_indexes(workflow, job, step):
            message = f"Job {job.id} uploads to {host}, which pysim does not stand in for: that would be a real release"
            hint = "Choose a workflow that publishes to PyPI or TestPyPI."
            yield _error("publishes-elsewhere", message, step, hint)
    for said in writes_outside(step):
        message = f"Job {job.id} {said}: pysim does not stand in for that, so a rehearsal would do it for real"
        hint = "Move it to a workflow of its own and choose the other one, or leave it out for the rehearsal."
        yield _error("writes-outside", message, step, hint)


def _error(code: str, message: str, step: Step, hint: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        message=message,
        where=step.span,
        hint=hint,
        remedies=(remedy(Act.CHOOSE_WORKFLOW),),
    )


def _foreign_indexes(workflow: Workflow, job: Job, step: Step) -> Sequence[str]:
    """The hosts and the named indexes that are none of pysim's."""
    if step.uses is not None:
        return foreign_indexes_of_action(step.uses.value, given_inputs(step))
    assert step.run is not None
    env = {name: text.source for name, text in variables(workflow, job, step).items()}
    return foreign_indexes_of_script(step.run.source, env)

"""What a rehearsal would write for real to systems that pysim does not stand in for, and what other indexes were given.

Sees the commands that are written in a workflow; the gateway cannot look into TLS to hosts outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from simulator.findings import Finding, Severity
from simulator.planning.outside import writes_outside
from simulator.remedies import Act, remedy
from simulator.workflow.model import Job, Step, Workflow


def writes_for_real(jobs: Iterable[tuple[Workflow, Job]]) -> tuple[Finding, ...]:
    """An error for each step of the jobs that writes elsewhere. Each job comes with its file."""
    return tuple(dict.fromkeys(finding for _, job in jobs for step in job.all_steps for finding in _step(job, step)))


def published_elsewhere(taken: Mapping[str, int]) -> Iterator[Finding]:
    """A warning for each host of another index, with how many files its stand-in took."""
    for host, count in taken.items():
        yield Finding(
            code="publishes-elsewhere",
            severity=Severity.WARNING,
            message=f"uploaded {count} file{'' if count == 1 else 's'} to {host} (a stand-in; its own rules are not "
            "known here)",
            where=host,
            hint="Nothing to mend: whether that index takes these files, and this credential, only a release tells.",
        )


def _step(job: Job, step: Step) -> Iterator[Finding]:
    for said in writes_outside(step):
        yield Finding(
            code="writes-outside",
            severity=Severity.ERROR,
            message=f"Job {job.id} {said}: pysim does not stand in for that, so a rehearsal would do it for real",
            where=step.span,
            hint="Move it to a workflow of its own and choose the other one, or leave it out for the rehearsal.",
            remedies=(remedy(Act.CHOOSE_WORKFLOW),),
        )

"""Steps that start programs of GitHub's Ubuntu image which the engine lacks: said before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from simulator.findings import Finding, Severity
from simulator.planning.known import Known
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.programs import hosted_programs, surely_started
from simulator.planning.runners import runs_here
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.runner.attested import verifies_attestations
from simulator.workflow.model import Step

MISSING_PROGRAM: Final = "missing-program"
_SHELLS = (None, "bash", "sh")


def missing_programs(
    jobs: Iterable[tuple[Plan, PlannedJob]],
    lacks: Callable[[Collection[str]], Collection[str]],
    has_docker: Callable[[], bool],
) -> tuple[Finding, ...]:
    """A warning for each step that surely starts such a program; `lacks` says which of some the engine has not.

    `has_docker` is asked, where the Docker engine would have them, whether it answers.
    """
    found: dict[Span, tuple[Step, str, list[str]]] = {}
    for plan, job in jobs:
        if job.decision == "skip" or job.deferred or job.job.container is not None or not runs_here(job.runs_on):
            continue
        for step, names in _of_job(plan, job):
            absent = lacks(names) if names else ()
            if absent:
                found[step.span] = step, job.job.id, [name for name in names if name in absent]
    return tuple(_finding(step, job_id, names, has_docker) for step, job_id, names in found.values())


def _of_job(plan: Plan, job: PlannedJob) -> Iterator[tuple[Step, Sequence[str]]]:
    known = Known.of(plan, job)
    before = ""
    for step in job.job.all_steps:
        if step.uses is not None:
            before += f"\n{step.uses.value}"
        elif step.run is not None:
            if (step.shell.source if step.shell else None) in _SHELLS and known.surely_runs(step):
                names = [name for name in surely_started(step.run.source) if not _is_installed(name, before)]
                names += ["gh"] if verifies_attestations(step) and "gh" not in names else []
                yield step, names
            before += f"\n{step.run.source}"


def _is_installed(name: str, before: str) -> bool:
    """Whether an earlier step may have brought a program."""
    return re.search(rf"(?m)(?:\binstall\b.*|setup-){re.escape(name)}", before) is not None


def _finding(step: Step, job_id: str, names: Sequence[str], has_docker: Callable[[], bool]) -> Finding:
    assert step.run is not None
    facts = hosted_programs()
    helps = set(names) <= set(facts["of_docker_engine"]) and has_docker()
    several, listed = len(names) > 1, " and ".join(names)
    if helps:
        hint = f"Use the Docker engine, whose image has {'them' if several else 'it'}."
    elif set(names) & set(facts["needs_root"]):
        hint = "See to this step yourself: it fails here whatever it would do at GitHub."
    else:
        hint = f"Install {listed} on this machine for the rehearsal, or see to this step yourself."
    return Finding(
        code=MISSING_PROGRAM,
        severity=Severity.WARNING,
        message=f"A step of job {job_id} is not rehearsed: it runs {listed}, which GitHub's ubuntu-24.04 has and this "
        "machine cannot give",
        where=step.run.span,
        hint=hint,
        remedies=(remedy(Act.USE_ENGINE, "docker"),) if helps else (),
    )

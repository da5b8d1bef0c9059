"""What jobs check out of Git LFS, which has no stand-in: the files stay pointers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.findings import Finding, Severity
from simulator.planning.model import Plan, PlannedJob
from simulator.planning.tools import CHECKOUT, action_name, given_inputs
from simulator.remedies import Act, remedy
from simulator.workflow.model import Step

_CODE = "lfs-not-rehearsed"


def large_files(jobs: Sequence[tuple[Plan, PlannedJob]], attributes: bytes | None) -> Iterator[Finding]:
    """A finding for each job that wants files of Git LFS; `attributes` is the .gitattributes of the repository."""
    patterns = _patterns((attributes or b"").decode(errors="replace"))
    for _, job in jobs:
        step = next(filter(_wants_them, job.job.all_steps), None)
        if patterns and step is not None and step.uses is not None:
            yield Finding(
                code=_CODE,
                severity=Severity.WARNING,
                message=f"Job {job.key} checks out files that Git LFS keeps ({', '.join(patterns)}), and pysim fetches "
                "none: they stay pointers",
                hint="See to it yourself that what is built holds the files, then accept that they are not rehearsed.",
                where=step.uses.span,
                remedies=(remedy(Act.ACCEPT_FINDING, _CODE),),
                unrehearsed=(job.key,),
            )


def _patterns(attributes: str) -> list[str]:
    lines = [line.split() for line in attributes.splitlines()]
    return [words[0] for words in lines if "filter=lfs" in words[1:] and not words[0].startswith("#")]


def _wants_them(step: Step) -> bool:
    """Whether it checks out this repository with LFS; what an expression decides is not known."""
    if step.uses is None or action_name(step.uses.value) != CHECKOUT:
        return False
    given = given_inputs(step)
    return given.get("lfs", "").lower() == "true" and not given.get("repository")

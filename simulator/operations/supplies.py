"""Artifacts that the user supplies, for jobs that have no runner here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from simulator.errors import UsageError
from simulator.findings import Finding, Severity
from simulator.operations.request import Request
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Plan
from simulator.runner.absent import absence, fits


def require_files(supplied: Mapping[str, Path]) -> None:
    """Raise UsageError for a folder of an artifact that is not there, or holds no file."""
    for name, folder in supplied.items():
        if not folder.is_dir():
            said = f"For the artifact {name}, there is no folder {folder}."
            raise UsageError(said, hint="Make it, with the files in it.")
        if not any(each.is_file() for each in folder.rglob("*")):
            said = f"For the artifact {name}, there is no file in {folder}."
            raise UsageError(said, hint="Put what the job makes there.")


def with_downloaded(request: Request, plans: Sequence[Plan]) -> Request:
    """The request with the artifacts of its folder that jobs without a runner here would upload.

    Raises UsageError for a folder that is not there, or that has none of an artifact.
    """
    folder = request.artifact_folder
    if folder is None:
        return request
    found = {each.name: each for each in sorted(folder.iterdir()) if each.is_dir()} if folder.is_dir() else {}
    if not found:
        there = "there is no folder" if folder.is_dir() else "it is not there"
        hint = "A folder for each artifact, named after it, is what `gh run download` makes."
        raise UsageError(f"No artifact can be taken of {folder}: {there}.", hint=hint)
    wanted = _wanted(plans)
    taken = {name: path for name, path in found.items() if any(fits(each, name) for each in wanted)}
    require_files(taken)
    return replace(request, artifacts={**taken, **request.artifacts})


def _wanted(plans: Sequence[Plan]) -> set[str]:
    """The names of the artifacts that jobs without a runner here would upload; a part that is not known yet is *."""
    absences = (absence(inner, job, (), lambda: None) for plan in plans for inner, job in foreseen_jobs(plan))
    return {name for absent in absences if absent for name in absent.made}


def unused_supplies(plans: Sequence[Plan], supplied: Mapping[str, Path]) -> Iterator[Finding]:
    """A warning for each artifact that no job uploads which has no runner here."""
    wanted = _wanted(plans)
    late = any(job.deferred or job.job.uses for plan in plans for _, job in foreseen_jobs(plan))
    for name in supplied:
        if not late and not any(fits(each, name) for each in wanted):
            known = f"It could be {' or '.join(sorted(wanted))}." if wanted else "Every job has a runner here."
            yield Finding(
                code="artifact-unused",
                severity=Severity.WARNING,
                message=f"The artifact {name} is supplied, and no job that is left out for want of a runner uploads it",
                hint=known,
            )

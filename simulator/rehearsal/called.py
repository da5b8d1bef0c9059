"""Publishing from a called workflow: PyPI looks at the file of the job, and the signature names the file of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from simulator.findings import Finding, Severity
from simulator.planning.calls import all_jobs
from simulator.planning.model import Plan
from simulator.rehearsal.rules.publishers import attests
from simulator.rehearsal.rules.release import Publishing, publishing_of

_REFUSED: Final = (
    "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included "
    "attestation: Verification failed: Certificate's Build Config URI ({uri}) does not match expected Trusted "
    "Publisher ({file} @ {repository})"
)


def publishes_from_called(plan: Plan, repository: str) -> Iterator[Finding]:
    """A warning for each trusted publishing step of the workflows of other repositories that the plan's jobs call.

    Of those of this repository the release rules say it. Where the upload carries attestations, the stand-in of the
    index will refuse them as PyPI does, and that decides.
    """
    for workflow, job in all_jobs(plan):
        if "@" in workflow.path:
            for found in publishing_of(workflow, job):
                if found.trusted:
                    yield _finding(plan, workflow.path.partition("@")[0], found, repository)


def _finding(plan: Plan, path: str, found: Publishing, repository: str) -> Finding:
    attested = attests(found)
    uri = f"https://github.com/{repository}/{plan.workflow.path}@{plan.event.ref}"
    file = PurePosixPath(path).name
    return Finding(
        code="reusable-publish",
        severity=Severity.WARNING,
        message=f"Job {found.job.id} publishes from {file}, which {plan.workflow.path} calls, and PyPI's trusted "
        "publishing does not support that" + (": with attestations PyPI refuses the upload" if attested else ""),
        where=found.span,
        would_show=_REFUSED.format(uri=uri, file=file, repository=repository) if attested else None,
        hint="Move the publishing job into the workflow that the tag starts; the build may stay where it is. "
        f"Until then: `attestations: false`, and a publisher that is registered for {file}.",
    )

"""What the API's twin does not know, said of the job that asked for it."""

from __future__ import annotations

from simulator.findings import Finding, Severity
from simulator.remedies import Act, remedy


def api_not_rehearsed(job_id: str, said: str) -> Finding:
    """The finding where a job asked for what pysim has no answer to, or none that is whole."""
    return Finding(
        code="github-api-not-rehearsed",
        severity=Severity.WARNING,
        message=said,
        hint="pysim lacks that, and GitHub has it: see to it yourself that the step would go well with what GitHub "
        "answers; then accept that it is not rehearsed.",
        where=job_id,
        remedies=(remedy(Act.ACCEPT_FINDING, "github-api-not-rehearsed"),),
        unrehearsed=(job_id,),
    )

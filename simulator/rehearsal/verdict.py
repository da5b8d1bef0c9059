"""The last word: go, no-go, or nothing published, from what the run did and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.errors import ExitCode
from simulator.findings import Finding, Severity
from simulator.run_events import Conclusion, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOutcome:
    """How a job of a rehearsed workflow ended, and whether it may publish."""

    name: str
    conclusion: Conclusion
    publishes: bool
    refused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A verdict, its reason in a sentence, and the exit code."""

    verdict: Verdict
    reason: str
    exit_code: ExitCode


def judge(jobs: Sequence[JobOutcome], findings: Sequence[Finding], published: int) -> Judgement:
    """The verdict of a rehearsal; `published` is the number of files that an index took."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    refused = [job.name for job in jobs if job.refused]
    failed = [job.name for job in jobs if job.conclusion in {Conclusion.FAILURE, Conclusion.CANCELLED}]
    if refused:
        reason = f"a protection rule refused {', '.join(refused)}"
        return Judgement(verdict=Verdict.NO_GO, reason=reason, exit_code=ExitCode.REFUSED)
    if errors:
        reason = errors[0].message
    elif failed:
        reason = f"{_job(failed)} failed"
    elif published:
        plural = "file was" if published == 1 else "files were"
        return Judgement(
            verdict=Verdict.GO, reason=f"{published} {plural} published and installed", exit_code=ExitCode.GO
        )
    elif any(job.publishes and job.conclusion is not Conclusion.SKIPPED for job in jobs):
        reason = "a publishing job ended well and published nothing"
    else:
        skipped = [job.name for job in jobs if job.publishes]
        reason = f"{_job(skipped)} was skipped by its own condition" if skipped else "no job of the workflow publishes"
        return Judgement(verdict=Verdict.NOTHING_PUBLISHED, reason=reason, exit_code=ExitCode.GO)
    return Judgement(verdict=Verdict.NO_GO, reason=reason, exit_code=ExitCode.NO_GO)


def _job(names: Sequence[str]) -> str:
    return f"job {names[0]}" if len(names) == 1 else f"jobs {', '.join(names)}"

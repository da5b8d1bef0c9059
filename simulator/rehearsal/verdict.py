"""The last word: go, no-go, or nothing published, from what the run did and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.run_events import Conclusion, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOutcome:
    """How a job of a rehearsed workflow ended, and whether it may publish.

    `absent` says of a job that was not run, for want of a runner, whether something of it is missing to others, or
    that it is "paused": it waits for a person, or for a job that does.
    """

    name: str
    conclusion: Conclusion
    publishes: bool
    refused: bool = False
    absent: Literal["supplied", "missing", "paused"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A verdict and its reason in a sentence; a no-go is `refused` where a protection rule kept a job out."""

    verdict: Verdict
    reason: str
    refused: bool = False


def judge(
    jobs: Sequence[JobOutcome],
    findings: Sequence[Finding],
    published: Sequence[IndexName],
    *,
    elsewhere: Sequence[str] = (),
) -> Judgement:
    """The verdict of a rehearsal.

    `published` holds the index of each file that one took, `elsewhere` the hosts of other indexes that got files.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    refused = [job.name for job in jobs if job.refused]
    failed = [job.name for job in jobs if job.conclusion in {Conclusion.FAILURE, Conclusion.CANCELLED}]
    paused = [job.name for job in jobs if job.absent == "paused"]
    absent = [job.name for job in jobs if job.absent]
    missing = [job.name for job in jobs if job.publishes and job.absent == "missing"]
    if refused:
        reason = f"a protection rule refused {', '.join(refused)}"
        return Judgement(verdict=Verdict.NO_GO, reason=reason, refused=True)
    if errors:
        reason = errors[0].message
    elif failed:
        reason = f"{_job(failed)} failed"
    elif paused:
        reason = f"{_job(paused)} wait{'' if len(paused) > 1 else 's'} for a review"
        return Judgement(verdict=Verdict.PAUSED, reason=reason)
    elif missing:
        reason = f"{_job(missing)} could not be rehearsed: what they need is made on a machine that is not here"
        reason = reason if len(missing) > 1 else reason.replace("they need", "it needs")
    elif published:
        reason = _published(published) + (f"; not rehearsed: {', '.join(absent)}" if absent else "")
        return Judgement(verdict=Verdict.GO, reason=reason)
    elif elsewhere:
        reason = f"files were published to {' and '.join(elsewhere)} alone, whose rules are not known here"
        return Judgement(verdict=Verdict.NOTHING_PUBLISHED, reason=reason)
    elif any(job.publishes and job.conclusion is not Conclusion.SKIPPED for job in jobs):
        reason = "a publishing job ended well and published nothing"
    else:
        skipped = [job.name for job in jobs if job.publishes]
        verb = "was" if len(skipped) == 1 else "were"
        reason = (
            f"{_job(skipped)} {verb} skipped by {'its' if len(skipped) == 1 else 'their'} own condition"
            if skipped
            else "no job that ran publishes"
        )
        return Judgement(verdict=Verdict.NOTHING_PUBLISHED, reason=reason)
    return Judgement(verdict=Verdict.NO_GO, reason=reason)


def _published(published: Sequence[IndexName]) -> str:
    where = " and ".join(TITLES[index] for index in dict.fromkeys(published))
    verb = "file was" if len(published) == 1 else "files were"
    return f"{len(published)} {verb} published to the local {where} and installed from there"


def _job(names: Sequence[str]) -> str:
    return f"job {names[0]}" if len(names) == 1 else f"jobs {', '.join(names)}"

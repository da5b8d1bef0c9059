"""The last word: go, no-go, not rehearsed or nothing published, from what the run did and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.run_events import Conclusion, Verdict

_REFUSALS: Final = frozenset({"exchange-refused", "index-address", "publisher-mismatch", "upload-refused"})


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOutcome:
    """How a job of a rehearsed workflow ended, and whether it may publish.

    `unasked` says of one that may publish by its `id-token: write` alone that it asked no index for anything.
    `needs` are what it needs, as files name it. `absent` says of a job that could not be run here
    whether something of it is missing to others, or that it is "paused": it waits for a person, or for a job that does.
    """

    name: str
    conclusion: Conclusion
    publishes: bool
    unasked: bool = False
    needs: tuple[str, ...] = ()
    refused: bool = False
    absent: Literal["supplied", "missing", "paused"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A verdict and its reason in a sentence; a no-go is `refused` where a protection rule kept a job out."""

    verdict: Verdict
    reason: str
    refused: bool = False


def judge(
    jobs: Sequence[JobOutcome], findings: Sequence[Finding], published: Sequence[IndexName], placeholders: int = 0
) -> Judgement:
    """The verdict of a rehearsal; `published` holds the index of each file that one took.

    So many of these as `placeholders` says stood for what jobs on other systems would have made.

    A failure behind something that was not rehearsed may come from that, and does not count as the release's.
    """
    lacking = _Lacking(jobs, findings)
    bad = [job for job in jobs if job.conclusion in {Conclusion.FAILURE, Conclusion.CANCELLED}]
    fault = _fault(jobs, findings, [job.name for job in bad if job.name not in lacking.doubtful])
    if fault is not None:
        return fault
    paused = [job.name for job in jobs if job.absent == "paused"]
    if paused:
        reason = f"{_job(paused)} wait{'' if len(paused) > 1 else 's'} for a review"
        return Judgement(verdict=Verdict.PAUSED, reason=reason)
    doubtful = [job.name for job in bad if job.name in lacking.chain]
    if lacking.reasons or lacking.missing or doubtful:
        reason = _not_rehearsed(lacking, doubtful, _stood(len(published), placeholders))
        return Judgement(verdict=Verdict.NOT_REHEARSED, reason=reason)
    if published:
        left = sorted({*lacking.beside, *(job.name for job in bad)})
        beside = f"; not rehearsed: {', '.join(left)}" if left else ""
        stood = _stood(len(published), placeholders)
        reason = _published(published) + (f"; {stood}" if stood else "") + beside
        return Judgement(verdict=Verdict.GO, reason=reason)
    return _without_files(jobs, findings)


def _fault(jobs: Sequence[JobOutcome], findings: Sequence[Finding], failed: Sequence[str]) -> Judgement | None:
    """What the release would fail by: a protection rule, what was found, or a job that failed."""
    refused = [job.name for job in jobs if job.refused]
    if refused:
        reason = f"a protection rule refused {', '.join(refused)}"
        return Judgement(verdict=Verdict.NO_GO, reason=reason, refused=True)
    error = next((finding for finding in findings if finding.severity is Severity.ERROR), None)
    if error is not None:
        return Judgement(verdict=Verdict.NO_GO, reason=error.message)
    return Judgement(verdict=Verdict.NO_GO, reason=f"{_job(failed)} failed") if failed else None


class _Lacking:
    """What was not rehearsed: of the jobs that the release hangs on, and of the others.

    A release hangs on the jobs that publish and on all that these need; where none publishes, on all.
    """

    def __init__(self, jobs: Sequence[JobOutcome], findings: Sequence[Finding]) -> None:
        needs = {job.name: job.needs for job in jobs}
        ran = {job.name for job in jobs if job.absent or job.conclusion is not Conclusion.SKIPPED}
        publishing = [job.name for job in jobs if job.publishes]
        self.chain = chain = with_needs(publishing or list(needs), needs)
        told = [(finding, [name for name in finding.unrehearsed if name in ran]) for finding in findings]
        open_ = [(finding, names) for finding, names in told if names and finding.accepted is None]
        incomplete = {name for _, names in told for name in names}
        self.reasons = [finding.message for finding, names in open_ if chain.intersection(names)]
        """Why the release is not wholly rehearsed."""
        self.missing = [job.name for job in jobs if job.absent == "missing" and job.publishes]
        """The publishing jobs that were not run, for want of another."""
        doubtful = {job.name for job in jobs if incomplete & with_needs([job.name], needs)}
        ending = {_matrix(job.name) for job in jobs if job.name in doubtful and job.conclusion is Conclusion.FAILURE}
        cancelled = (job.name for job in jobs if job.conclusion is Conclusion.CANCELLED and _matrix(job.name) in ending)
        self.doubtful = {*doubtful, *cancelled}
        """The jobs that something was missing to, or may have been, and those that were cancelled as these failed."""
        self.beside = sorted({job.name for job in jobs if job.absent} | {name for _, names in open_ for name in names})
        """The jobs that the release does not hang on, and of which something was not run."""


def with_needs(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> set[str]:
    """Some jobs and all that they need, directly or not; `needs` are by job, and name jobs as files do."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each for each in needs if any(_is_of(each, need) for need in needs.get(name, ()))]
    return found


def _matrix(key: str) -> str:
    """What the jobs of one matrix have in common."""
    return key.rpartition(" (")[0] or key


def _is_of(key: str, name: str) -> bool:
    """Whether a job is one of those that a name in `needs` means: of its matrix, or of the workflow that it calls."""
    return key == name or key.startswith((f"{name} (", f"{name} / "))


def _not_rehearsed(lacking: _Lacking, failed: Sequence[str], stood: str) -> str:
    if lacking.reasons:
        more = len(lacking.reasons) - 1
        beside = f" (and {more} more)" if more else ""
        if stood and not failed:
            return f"all else is go, and {stood}: {lacking.reasons[0]}{beside}"
        return f"nothing was found wrong, but the release hangs on what was not rehearsed: {lacking.reasons[0]}{beside}"
    if lacking.missing:
        what = "they need" if len(lacking.missing) > 1 else "it needs"
        return f"{_job(lacking.missing)} could not be rehearsed: what {what} is made by a job that was not run here"
    return f"{_job(failed)} failed behind what was not rehearsed"


def _without_files(jobs: Sequence[JobOutcome], findings: Sequence[Finding]) -> Judgement:
    """No file reached an index, and nothing failed; the first refusal that a step went on behind may be why."""
    ran = [job for job in jobs if job.publishes and job.conclusion is not Conclusion.SKIPPED]
    if any(not job.unasked for job in ran):
        refused = next((finding.message for finding in findings if finding.code in _REFUSALS), None)
        why = f": {refused}" if refused else ""
        return Judgement(verdict=Verdict.NO_GO, reason=f"a publishing job ended well and published nothing{why}")
    if not jobs:
        return Judgement(verdict=Verdict.NOTHING_PUBLISHED, reason="nothing that the event starts publishes")
    if ran:
        what = f"{_job([job.name for job in ran])}, with `id-token: write`"
        return Judgement(verdict=Verdict.NOTHING_PUBLISHED, reason=f"{what}, asked no index for anything")
    skipped = [job.name for job in jobs if job.publishes]
    verb = "was" if len(skipped) == 1 else "were"
    reason = f"{_job(skipped)} {verb} skipped" if skipped else "no job that ran publishes"
    return Judgement(verdict=Verdict.NOTHING_PUBLISHED, reason=reason)


def _published(published: Sequence[IndexName]) -> str:
    where = " and ".join(TITLES[index] for index in dict.fromkeys(published))
    verb = "file was" if len(published) == 1 else "files were"
    return f"{len(published)} {verb} published to the local {where} and installed from there"


def _stood(published: int, placeholders: int) -> str:
    """`13 of 17 files were placeholders`; "" without any."""
    verb = "was a placeholder" if placeholders == 1 else "were placeholders"
    return f"{placeholders} of {published} files {verb}" if placeholders else ""


def _job(names: Sequence[str]) -> str:
    return f"job {names[0]}" if len(names) == 1 else f"jobs {', '.join(names)}"

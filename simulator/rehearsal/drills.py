"""Drills: what fails in each, what of a plan is run for it, and what its attempts say. Runs nothing.

A drill is survived when a further attempt of the failed jobs, with the same artifacts, completes the release that the
first one left, whatever part of it was uploaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from simulator.errors import UsageError
from simulator.planning.choice import publishing_jobs
from simulator.planning.graph import ancestors
from simulator.planning.model import Plan
from simulator.spelling import suggest

Uploaded = tuple[str, str]  # index and file name


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """What fails in the first attempt, and which jobs the second one runs again: the failed ones, or all.

    One that runs all is reported and does not count: whoever runs it has the other choice. `advice` is what to do when
    it was survived by a second attempt.
    """

    name: str
    faults: tuple[str, ...]
    says: str
    advice: str = "Re-run the failed job."
    again: Literal["failed", "all"] = "failed"


_WAIT: Final = "Wait until the service works again, then re-run the failed job."
DRILLS: Final[Sequence[Drill]] = (
    Drill(name="upload-503", faults=("upload-503=1",), says="one upload is answered with 503"),
    Drill(
        name="upload-cut",
        faults=("upload-503=2+",),
        says="the index stops answering after the first file",
        advice=_WAIT,
    ),
    Drill(
        name="token-expired",
        faults=("token-expired=2",),
        says="the upload token expires after the first file",
        advice="Re-run the failed job: it gets a new token.",
    ),
    Drill(
        name="publisher-removed",
        faults=("publisher-removed=0",),
        says="nobody registered the publisher",
        advice="Register the publisher, then re-run the failed job.",
    ),
    Drill(
        name="publisher-removed-between",
        faults=("publisher-removed=2",),
        says="the publisher is removed after the first file",
        advice="Register the publisher again, then re-run the failed job.",
    ),
    Drill(name="index-read-only", faults=("index-read-only",), says="the index is in read-only mode", advice=_WAIT),
    Drill(name="index-down", faults=("index-down",), says="the index does not answer", advice=_WAIT),
    Drill(name="mint-503", faults=("mint-503",), says="the index gives no upload tokens", advice=_WAIT),
    Drill(name="oidc-down", faults=("oidc-down",), says="GitHub gives no ID tokens", advice=_WAIT),
    Drill(name="artifacts-500", faults=("artifacts-500=1",), says="the artifact service fails once"),
    Drill(name="artifacts-down", faults=("artifacts-500=1+",), says="the artifact service is down", advice=_WAIT),
    Drill(name="slow", faults=("slow=6",), says="the index and GitHub's OIDC service take 6 seconds", advice=_WAIT),
    Drill(name="sigstore-down", faults=("sigstore-down",), says="attestations cannot be signed", advice=_WAIT),
    Drill(
        name="rebuilt",
        faults=("upload-503=2+",),
        says="the index stops answering after the first file, and then all jobs are run again",
        advice="Either choice works: what had been uploaded is built again the same.",
        again="all",
    ),
)


def at_index(drill: Drill, whole: Collection[Uploaded]) -> Drill:
    """A drill of PyPI alone, where a release goes to TestPyPI, too: what fails there keeps the rest from running."""
    if {index for index, _ in whole} != {"pypi", "testpypi"}:
        return drill
    faults = tuple(fault if fault.startswith(_OF_GITHUB) else f"{fault}@pypi" for fault in drill.faults)
    return replace(drill, faults=faults)


_OF_GITHUB: Final = ("oidc-", "artifacts-", "sigstore-")


def chosen_drills(names: Collection[str]) -> Sequence[Drill]:
    """The drills of those names, or all. Raises UsageError."""
    known = {drill.name: drill for drill in DRILLS}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no drill {name}.", hint=suggest(name, known))
    return [drill for drill in DRILLS if not names or drill.name in names]


# ---- what is run


@dataclass(frozen=True, kw_only=True, slots=True)
class Division:
    """The jobs of a plan, by id: what comes before the publishing ones, those with what lies between them, the rest."""

    before: frozenset[str]
    publishing: frozenset[str]
    left: tuple[str, ...]


def divide(plan: Plan) -> Division:
    """Which jobs of a plan a drill runs once, which in every attempt, and which never."""
    needs = {job.id: [need.value for need in job.needs] for job in plan.workflow.jobs.values()}
    running = {job.job.id for job in plan.jobs if job.decision != "skip"}
    publish = publishing_jobs(plan.workflow, plan.calls) & running
    wanted = publish.union(*(ancestors(needs, name) for name in publish))
    again = publish | {name for name in wanted if ancestors(needs, name) & publish}
    return Division(
        before=frozenset(wanted - again),
        publishing=frozenset(again),
        left=tuple(name for name in needs if name not in wanted),
    )


def after(plan: Plan, failed: Collection[str]) -> frozenset[str]:
    """The ids of failed jobs with all that need them: what GitHub's "Re-run failed jobs" runs."""
    needs = {job.id: [need.value for need in job.needs] for job in plan.workflow.jobs.values()}
    return frozenset(name for name in needs if name in failed or ancestors(needs, name) & set(failed))


# ---- what came of it


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """How the publishing jobs ended, why, and what was on the indexes then.

    `passed_over` says that a file was there already, and that the job went on.
    """

    ok: bool
    reason: str
    there: tuple[Uploaded, ...]
    seconds: float
    passed_over: bool = False


Outcome = Literal["not met", "first attempt", "second attempt", "lost"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drilled:
    """A drill that was run; `whole` is what a release without faults uploads, `met` whether a fault took effect.

    In one that `rebuilds`, the second attempt made the files anew.
    """

    drill: Drill
    whole: tuple[Uploaded, ...]
    met: bool
    first: Attempt
    second: Attempt | None = None
    rebuilds: bool = False

    @property
    def outcome(self) -> Outcome:
        """In which attempt the release was complete."""
        if not self.met:
            return "not met"
        if self._complete(self.first):
            return "first attempt"
        return "second attempt" if self.second and self._complete(self.second) else "lost"

    @property
    def counts(self) -> bool:
        """Whether a release that is lost in it makes the whole fail."""
        return self.drill.again == "failed"

    @property
    def missing(self) -> tuple[Uploaded, ...]:
        """The files that the first attempt did not bring."""
        return tuple(file for file in self.whole if file not in self.first.there)

    @property
    def advice(self) -> str:
        """What to do in such a case."""
        match self.outcome:
            case "not met":
                return "Nothing: the release does not meet it."
            case "first attempt":
                return "Nothing: the release goes through."
            case "second attempt":
                mixed = self.rebuilds and self.second is not None and self.second.passed_over
                return f"{self.drill.advice}{_MIXED if mixed else ''}"
            case "lost":
                return _lost(self.second.reason if self.second else self.first.reason, self.drill)

    def _complete(self, attempt: Attempt) -> bool:
        return attempt.ok and set(self.whole) <= set(attempt.there)


_CURES: Final[Mapping[str, str]] = {
    "already exist": "Build in a job of its own and hand the files over as an artifact: a second attempt then uploads "
    "the same bytes, which the index takes. Or set `skip-existing: true`, and have files of two builds.",
    "already have publish attestations": "Publish to each index in a job of its own.",
}


_MIXED: Final = " The release then has files of two builds: build in a job of its own."


def _lost(reason: str, drill: Drill) -> str:
    if drill.again == "all" and "already exist" in reason:
        return "Never re-run all jobs after a part was uploaded, only the failed ones: what is built again differs."
    return next((cure for words, cure in _CURES.items() if words in reason), "See the record of the second attempt.")


def survived(drilled: Iterable[Drilled]) -> bool:
    """Whether no release was lost that could have been completed."""
    return all(each.outcome != "lost" for each in drilled if each.counts)

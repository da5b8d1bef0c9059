"""Drills: what comes before the publishing jobs is run once; these are run under each fault, and then again.

Each drill has its own stand-ins, which its attempts share: what the first uploaded is there for the second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

from simulator.engines.base import Engine
from simulator.errors import SimulatorError
from simulator.expressions.language import Value
from simulator.findings import Finding, Severity
from simulator.operations.cancellation import Cancellation
from simulator.operations.inspection import Inspection
from simulator.operations.observing import inform
from simulator.operations.opened import OpenRehearsal, open_rehearsal, run_jobs, run_number, run_settings
from simulator.operations.performance import ready_engine
from simulator.operations.placeholders import with_placeholders
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.recording import Recording, recording
from simulator.operations.rehearse import finished, opening, outcomes, readied
from simulator.operations.request import Request, require_event, unheard
from simulator.operations.supplies import require_files
from simulator.paths import RunFolder, remove_folder
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Plan, PlannedJob
from simulator.rehearsal.drills import (
    DRILLS,
    Attempt,
    Division,
    Drill,
    Drilled,
    after,
    at_index,
    chosen_drills,
    divide,
    survived,
)
from simulator.rehearsal.observer import Observer
from simulator.rehearsal.verdict import judge
from simulator.report.drills import DrillsView, DrillView, summed
from simulator.report.pages.renderer import HtmlRenderer
from simulator.report.recorder import Recorder
from simulator.report.registry import broadcast
from simulator.run_events import (
    Conclusion,
    EventSink,
    FaultInjected,
    JobFinished,
    RunEvent,
    RunFinished,
    StepLine,
    Verdict,
)
from simulator.runner.graph import announcement
from simulator.runner.masked import MaskedSink, hide_secrets
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, Portion
from simulator.twins.base import StoredArtifact
from simulator.twins.injection.faults import parse_faults

__all__ = ["Drill", "Drilled", "Drilling", "drill", "known_drills", "view_of"]

NONE = Drill(name="none", faults=(), says="nothing fails")
_PASSED_OVER = re.compile(r"Skipping \S+(\.whl|\.tar\.gz)\b")  # twine, with --skip-existing
_BAD = frozenset({Conclusion.FAILURE, Conclusion.CANCELLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Drilling:
    """The drills that were run, or why none could be; `left` are jobs that were not run.

    `survives` says whether the release does, whatever of what counts fails. `record` is the folder of the records.
    """

    drilled: tuple[Drilled, ...] = ()
    whole: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    stopped: str | None = None
    record: Path

    @property
    def survives(self) -> bool:
        """Whether every drill that counts was survived."""
        return self.stopped is None and survived(self.drilled)


def known_drills() -> Sequence[Drill]:
    """All that there are."""
    return DRILLS


def drill(
    request: Request,
    names: Collection[str] = (),
    tell: Callable[[Drilled | str], None] = lambda _: None,
    *,
    cancellation: Cancellation | None = None,
) -> Drilling:
    """Build once, and run the publishing jobs under the faults of each drill, or of those named, and then again.

    `tell` hears what is done, and of each drill how it ended. Raises UsageError for a name that there is not, and
    SimulatorError when pysim itself cannot go on.
    """
    drills = chosen_drills(names)
    require_event(request)
    require_files(request.artifacts)
    masker = Masker()
    try:
        with recording(request.repository, unheard) as into:
            drilling = _run_drills(request, drills, into, masker, tell, cancellation)
            verdict = Verdict.GO if drilling.survives else Verdict.NO_GO
            reason = f"a drill, no rehearsal: {summed(view_of(drilling))}"
            into.report(RunFinished(verdict=verdict, reason=reason, at=time.time()))
            return drilling
    except SimulatorError as error:
        hide_secrets(error, masker)
        raise


def view_of(drilling: Drilling) -> DrillsView:
    """The drills as they are shown."""
    return DrillsView(
        drills=[_row(each) for each in drilling.drilled],
        survives=drilling.survives,
        left=drilling.left,
        record=str(drilling.record),
        stopped=drilling.stopped,
    )


def _row(drilled: Drilled) -> DrillView:
    second = drilled.second
    return DrillView(
        name=drilled.drill.name,
        faults=drilled.drill.faults,
        says=drilled.drill.says,
        outcome=drilled.outcome,
        counts=drilled.counts,
        first=drilled.first.reason,
        there=drilled.first.there,
        missing=drilled.missing,
        second=second.reason if second else None,
        advice=drilled.advice,
    )


def _run_drills(
    request: Request,
    drills: Sequence[Drill],
    into: Recording,
    masker: Masker,
    tell: Callable[[Drilled | str], None],
    cancellation: Cancellation | None,
) -> Drilling:
    observer = Observer(MaskedSink(into.report, masker), offline=request.offline)
    stopped = partial(Drilling, record=into.folder.path)
    with readied(request, into, observer, masker, None, cancellation) as (prepared, choice):
        if (said := _first_error(observer)) is not None:
            return stopped(stopped=said)
        engine = ready_engine(choice, observer)
        divisions = tuple(map(divide, prepared.plans))
        if not any(division.publishing for division in divisions):
            return stopped(stopped="no job publishes, so there is nothing to drill")
        approved = {**dict.fromkeys(prepared.configuration.environments, True), **prepared.answers}  # nobody is asked
        build = SharedBuild(prepared=replace(prepared, answers=approved), engine=engine, divisions=divisions, tell=tell)
        return _drilled(build, observer, drills, tell)


def _drilled(
    build: SharedBuild, observer: Observer, drills: Sequence[Drill], tell: Callable[[Drilled | str], None]
) -> Drilling:
    folder = build.prepared.folder.path
    if (stopped := build.build(observer)) is not None:
        return Drilling(stopped=stopped, record=folder)
    left = tuple(name for division in build.divisions for name in division.left)
    tell(f"a release without faults: {build.names(build.publishing)}")
    plain = build.drill(NONE, ())
    if not plain.first.ok or not plain.whole:
        said = plain.first.reason or "nothing was published"
        stopped = f"the release does not work without a fault either: {said}"
        return Drilling(stopped=stopped, left=left, record=folder / "drills")
    done = []
    for each in drills:
        if each.again == "all" and not any(build.before):
            continue  # the failed job is all jobs
        done.append(build.drill(at_index(each, plain.whole), plain.whole))
        tell(done[-1])
    return Drilling(drilled=tuple(done), whole=plain.whole, left=left, record=folder / "drills")


@dataclass(kw_only=True, slots=True)
class SharedBuild:
    """What all drills begin with: the jobs before the publishing ones, run once, and their artifacts."""

    prepared: PreparedRehearsal
    engine: Engine
    divisions: tuple[Division, ...]
    tell: Callable[[Drilled | str], None]
    numbers: tuple[str, ...] = ()
    portions: tuple[Portion, ...] = ()
    artifacts: tuple[StoredArtifact, ...] = ()

    @property
    def publishing(self) -> list[frozenset[str]]:
        """The ids of the publishing jobs of each plan."""
        return [division.publishing for division in self.divisions]

    @property
    def before(self) -> list[frozenset[str]]:
        """The ids of the jobs before them."""
        return [division.before for division in self.divisions]

    def names(self, ids: Sequence[Collection[str]]) -> str:
        """The jobs of those ids, as a list."""
        jobs = [job.job.id for plan, own in zip(self.prepared.plans, ids, strict=True) for job in plan.jobs
                if job.job.id in own]  # fmt: skip
        return ", ".join(dict.fromkeys(jobs)) or "none"

    def build(self, observer: Observer) -> str | None:
        """Run what comes before the publishing jobs; why there can be no drill."""
        self.numbers = tuple(run_number() for _ in self.prepared.plans)
        portions = [_jobs(plan, ids) for plan, ids in zip(self.prepared.plans, self.before, strict=True)]
        if any(portion.jobs for portion in portions):
            self.tell(f"once: {self.names(self.before)}")
        with open_rehearsal(self.prepared, self.engine, observer, observer) as rehearsal:
            self._supply(rehearsal)
            results, self.portions = self._run(rehearsal, self.prepared.plans, portions)
            self.artifacts = tuple(rehearsal.twins.artifacts())
        bad = [result.key for result in results if result.conclusion in _BAD]
        if not bad:
            return None
        return _first_error(observer) or f"{', '.join(bad)} failed"

    def drill(self, drill: Drill, whole: tuple[tuple[str, str], ...]) -> Drilled:
        """Run the publishing jobs under the faults of a drill, and again where they fail."""
        place = self.prepared.folder.path / "drills" / drill.name
        place.mkdir(parents=True)
        prepared = replace(self.prepared, place=place, faults=parse_faults(drill.faults))
        relay = _Relay()
        with open_rehearsal(prepared, self.engine, Observer(relay), relay, relay) as rehearsal:
            rehearsal.twins.adopt(self.artifacts)
            begun = [
                replace(portion, jobs=(*portion.jobs, *_jobs(plan, ids).jobs))
                for portion, plan, ids in zip(self.portions, prepared.plans, self.publishing, strict=True)
            ]
            first, portions = self._attempt(rehearsal, relay, 1, begun)
            met = not drill.faults or bool(rehearsal.twins.fired())
            second: Attempt | None = None
            rehearsal.twins.mend()
            if not first.ok and drill.faults:
                second, _ = self._attempt(rehearsal, relay, 2, self._again(rehearsal, drill, portions))
        remove_folder(place / "index")  # the files of every drill together may be many
        rebuilds = drill.again == "all" or not any(self.before)
        return Drilled(drill=drill, whole=whole or first.there, met=met, first=first, second=second, rebuilds=rebuilds)

    def _again(self, rehearsal: OpenRehearsal, drill: Drill, portions: Sequence[Portion]) -> list[Portion]:
        """What a further attempt runs: the failed jobs and those that need them, or all from the beginning."""
        if drill.again == "all":
            rehearsal.twins.forget_artifacts()
            self._supply(rehearsal)
            return [
                _jobs(plan, division.before | division.publishing)
                for plan, division in zip(self.prepared.plans, self.divisions, strict=True)
            ]
        return [_rest(plan, portion) for plan, portion in zip(self.prepared.plans, portions, strict=True)]

    def _supply(self, rehearsal: OpenRehearsal) -> None:
        for number in self.numbers:
            for name, folder in self.prepared.request.artifacts.items():
                rehearsal.twins.supply(number, name, folder)

    def _attempt(
        self, rehearsal: OpenRehearsal, relay: _Relay, number: int, portions: Sequence[Portion]
    ) -> tuple[Attempt, tuple[Portion, ...]]:
        """Run what has no result yet; how it ended, and what became of each workflow. Leaves a record of its own."""
        prepared, began = rehearsal.prepared, time.monotonic()
        assert prepared.place is not None
        record = RunFolder(prepared.place / str(number))
        record.path.mkdir()
        recorded = broadcast([Recorder(record), HtmlRenderer([record.page])])
        witness = _Witness(MaskedSink(recorded, prepared.masker))
        observer = Observer(witness, offline=prepared.request.offline)
        inform(observer, prepared)
        relay.target = observer
        plans = [_numbered(plan, number) for plan in prepared.plans]
        faults = prepared.faults if number == 1 else ()
        observer(opening(record, prepared.repository, plans[0].event, faults))
        for event in announcement(_shown(plans, portions)):
            observer(event)
        attempted = replace(rehearsal, observer=observer, inspection=Inspection(prepared, observer))
        results, done = self._run(attempted, plans, portions)
        bad = [result.key for result in results if result.conclusion in _BAD]
        published = rehearsal.twins.published()
        there = tuple((file.index, file.filename) for file in published)
        reason = _shown_last(observer) or witness.said or f"{', '.join(bad)} failed" if bad else ""
        reason = reason or ("" if bad or there else _first_error(observer) or "")
        found = observer.findings if bad else ()  # what failed under a fault and went on is no failure
        judgement = judge(outcomes(results, observer), found, [file.index for file in published])
        observer(finished(replace(judgement, reason=reason.splitlines()[0] if reason else judgement.reason)))
        recorded.close()
        attempt = Attempt(
            ok=not bad,
            reason=reason,
            there=there,
            seconds=time.monotonic() - began,
            passed_over=witness.passed_over,
        )
        return attempt, done

    def _run(
        self, rehearsal: OpenRehearsal, plans: Sequence[Plan], portions: Sequence[Portion]
    ) -> tuple[tuple[JobResult, ...], tuple[Portion, ...]]:
        settings = [
            with_placeholders(rehearsal, replace(run_settings(rehearsal, plan, number), portion=portion))
            for plan, number, portion in zip(plans, self.numbers, portions, strict=True)
        ]
        return run_jobs(rehearsal, settings, self.prepared.actions)


@dataclass(slots=True)
class _Relay:
    """An event sink whose target changes with each attempt."""

    target: EventSink = field(default=lambda _: None)

    def __call__(self, event: RunEvent, /) -> None:
        self.target(event)


@dataclass(slots=True)
class _Witness:
    """An event sink that remembers what a fault did first, or else why a job did not run, and files passed over."""

    emit: EventSink
    said: str = ""
    passed_over: bool = False

    def __call__(self, event: RunEvent, /) -> None:
        self.emit(event)
        if isinstance(event, FaultInjected):
            self.said = self.said or event.what
        elif isinstance(event, JobFinished) and event.reason and event.conclusion in _BAD:
            self.said = self.said or event.reason
        elif isinstance(event, StepLine) and _PASSED_OVER.search(event.line):
            self.passed_over = True


def _jobs(plan: Plan, ids: Collection[str]) -> Portion:
    return Portion(jobs=tuple(job for job in plan.jobs if job.job.id in ids))


def _rest(plan: Plan, portion: Portion) -> Portion:
    """The same with the results alone that "Re-run failed jobs" keeps."""
    failed = {key for key, result in portion.results.items() if result.conclusion in _BAD}
    ids = {portion.results[key].job_id for key in failed}
    dependents = after(plan, ids) - ids
    kept = {
        key: result for key, result in portion.results.items() if key not in failed and result.job_id not in dependents
    }
    return replace(portion, results=kept)


def _numbered(plan: Plan, attempt: int) -> Plan:
    """A plan in a further attempt of its run."""
    github = {**cast("Mapping[str, Value]", plan.contexts["github"]), "run_attempt": str(attempt)}
    return replace(plan, contexts={**plan.contexts, "github": github})


def _shown(plans: Sequence[Plan], portions: Sequence[Portion]) -> Iterator[tuple[Plan, PlannedJob]]:
    for plan, portion in zip(plans, portions, strict=True):
        keys = {job.key for job in portion.jobs if job.key not in portion.results}
        yield from foreseen_jobs(replace(plan, jobs=tuple(job for job in portion.jobs if job.key in keys)))


def _errors(observer: Observer) -> Iterator[Finding]:
    return (finding for finding in observer.findings if finding.severity is Severity.ERROR)


def _first_error(observer: Observer) -> str | None:
    return next((finding.message for finding in _errors(observer)), None)


def _shown_last(observer: Observer) -> str | None:
    """What the release would have shown of what failed, where that is known."""
    *_, last = (None, *_errors(observer))
    if last is None:
        return None
    return last.would_show or (None if last.code == "injected-fault" else last.message)

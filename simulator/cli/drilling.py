"""Drills: what comes before the publishing jobs is run once; these are run under each fault, and then again.

Each drill has its own stand-ins, which its attempts share: what the first uploaded is there for the second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from simulator.cli.built import Inspection
from simulator.cli.performance import Stage, open_stage, run_number, run_settings
from simulator.cli.rehearsal import opening, readied
from simulator.cli.resolution import Actions
from simulator.cli.subject import RunOptions, Subject
from simulator.engines.base import Engine
from simulator.errors import ExitCode, SimulatorError
from simulator.expressions.language import Value
from simulator.findings import Finding, Severity
from simulator.paths import RunFolder, remove_folder
from simulator.planning.calls import foreseen_jobs
from simulator.planning.model import Plan, PlannedJob
from simulator.rehearsal.drills import Attempt, Division, Drill, Drilled, after, at_index, divide
from simulator.rehearsal.observer import Observer
from simulator.report.pages.renderer import HtmlRenderer
from simulator.report.recorder import Recorder
from simulator.report.registry import broadcast
from simulator.run_events import (
    Conclusion,
    EngineChosen,
    EventSink,
    FaultInjected,
    JobFinished,
    Progress,
    RunEvent,
    RunFinished,
    StepLine,
    Verdict,
)
from simulator.runner.graph import announcement
from simulator.runner.masked import MaskedSink, hide_secrets
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, Portion
from simulator.runner.run import Run
from simulator.twins.base import StoredArtifact
from simulator.twins.injection.faults import parse_faults

NONE = Drill(name="none", faults=(), says="nothing fails")
_PASSED_OVER = re.compile(r"Skipping \S+(\.whl|\.tar\.gz)\b")  # twine, with --skip-existing
_BAD = frozenset({Conclusion.FAILURE, Conclusion.CANCELLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Drilling:
    """The drills that were run, or why none could be; `left` are jobs that were not run."""

    drilled: tuple[Drilled, ...] = ()
    whole: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    stopped: str | None = None


def run_drills(
    options: RunOptions,
    drills: Sequence[Drill],
    root: Path,
    folder: RunFolder,
    report: EventSink,
    tell: Callable[[Drilled | str], None],
) -> Drilling:
    """Build, and run each drill; `tell` hears what is done. Raises SimulatorError when pysim itself cannot go on."""
    masker = Masker()
    try:
        observer = Observer(MaskedSink(report, masker), offline=options.offline)
        with readied(options, root, folder, observer, masker) as (subject, actions, choice):
            if (said := _first_error(observer)) is not None:
                return Drilling(stopped=said)
            engine, reason = choice.result()
            engine.prepare(lambda message: observer(Progress(message=message)))
            observer(EngineChosen(engine=engine.name, reason=reason, image=engine.image))
            return _drilled(subject, actions, engine, observer, drills, tell)
    except SimulatorError as error:
        hide_secrets(error, masker)
        raise


def _drilled(
    subject: Subject,
    actions: Actions,
    engine: Engine,
    observer: Observer,
    drills: Sequence[Drill],
    tell: Callable[[Drilled | str], None],
) -> Drilling:
    divisions = tuple(map(divide, subject.plans))
    if not any(division.publishing for division in divisions):
        return Drilling(stopped="no job publishes, so there is nothing to drill: pysim plan says what jobs do")
    approved = {**dict.fromkeys(subject.configuration.environments, True), **subject.answers}  # a drill asks nobody
    ground = Ground(
        subject=replace(subject, answers=approved), actions=actions, engine=engine, divisions=divisions, tell=tell
    )
    if (stopped := ground.build(observer)) is not None:
        return Drilling(stopped=stopped)
    left = tuple(name for division in divisions for name in division.left)
    tell(f"a release without faults: {ground.names(ground.publishing)}")
    plain = ground.drill(NONE, ())
    if not plain.first.ok or not plain.whole:
        said = plain.first.reason or "nothing was published"
        return Drilling(stopped=f"the release does not work without a fault either: {said}", left=left)
    done = []
    for drill in drills:
        if drill.again == "all" and not any(ground.before):
            continue  # the failed job is all jobs
        done.append(ground.drill(at_index(drill, plain.whole), plain.whole))
        tell(done[-1])
    return Drilling(drilled=tuple(done), whole=plain.whole, left=left)


@dataclass(kw_only=True, slots=True)
class Ground:
    """What all drills begin with: the jobs before the publishing ones, run once, and their artifacts."""

    subject: Subject
    actions: Actions
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
        jobs = [job.job.id for plan, own in zip(self.subject.plans, ids, strict=True) for job in plan.jobs
                if job.job.id in own]  # fmt: skip
        return ", ".join(dict.fromkeys(jobs)) or "none"

    def build(self, observer: Observer) -> str | None:
        """Run what comes before the publishing jobs; why there can be no drill."""
        self.numbers = tuple(run_number() for _ in self.subject.plans)
        portions = [_jobs(plan, ids) for plan, ids in zip(self.subject.plans, self.before, strict=True)]
        if any(portion.jobs for portion in portions):
            self.tell(f"once: {self.names(self.before)}")
        with open_stage(self.subject, self.actions, self.engine, observer, observer) as stage:
            self._supply(stage)
            results, self.portions = self._run(stage, self.subject.plans, portions)
            self.artifacts = tuple(stage.twins.artifacts())
        bad = [result.key for result in results if result.conclusion in _BAD]
        if not bad:
            return None
        return _first_error(observer) or f"{', '.join(bad)} failed"

    def drill(self, drill: Drill, whole: tuple[tuple[str, str], ...]) -> Drilled:
        """Run the publishing jobs under the faults of a drill, and again where they fail."""
        place = self.subject.folder.path / "drills" / drill.name
        place.mkdir(parents=True)
        subject = replace(self.subject, place=place, faults=parse_faults(drill.faults))
        relay = _Relay()
        with open_stage(subject, self.actions, self.engine, Observer(relay), relay, relay) as stage:
            stage.twins.adopt(self.artifacts)
            begun = [
                replace(portion, jobs=(*portion.jobs, *_jobs(plan, ids).jobs))
                for portion, plan, ids in zip(self.portions, subject.plans, self.publishing, strict=True)
            ]
            first, portions = self._attempt(stage, relay, 1, begun)
            met = not drill.faults or bool(stage.twins.fired())
            second: Attempt | None = None
            stage.twins.mend()
            if not first.ok and drill.faults:
                second, _ = self._attempt(stage, relay, 2, self._again(stage, drill, portions))
        remove_folder(place / "index")  # the files of every drill together may be many
        rebuilds = drill.again == "all" or not any(self.before)
        return Drilled(drill=drill, whole=whole or first.there, met=met, first=first, second=second, rebuilds=rebuilds)

    def _again(self, stage: Stage, drill: Drill, portions: Sequence[Portion]) -> list[Portion]:
        """What a further attempt runs: the failed jobs and those that need them, or all from the beginning."""
        if drill.again == "all":
            stage.twins.forget_artifacts()
            self._supply(stage)
            return [
                _jobs(plan, division.before | division.publishing)
                for plan, division in zip(self.subject.plans, self.divisions, strict=True)
            ]
        return [_rest(plan, portion) for plan, portion in zip(self.subject.plans, portions, strict=True)]

    def _supply(self, stage: Stage) -> None:
        for number in self.numbers:
            for name, folder in self.subject.supplied.items():
                stage.twins.supply(number, name, folder)

    def _attempt(
        self, stage: Stage, relay: _Relay, number: int, portions: Sequence[Portion]
    ) -> tuple[Attempt, tuple[Portion, ...]]:
        """Run what has no result yet; how it ended, and what became of each workflow. Leaves a record of its own."""
        subject, began = stage.subject, time.monotonic()
        assert subject.place is not None
        record = RunFolder(subject.place / str(number))
        record.path.mkdir()
        recorded = broadcast([Recorder(record), HtmlRenderer([record.page])])
        witness = _Witness(MaskedSink(recorded, subject.masker))
        observer = Observer(witness, offline=subject.options.offline)
        relay.target = observer
        plans = [_numbered(plan, number) for plan in subject.plans]
        faults = subject.faults if number == 1 else ()
        observer(opening(subject.folder.id, plans[0].event, subject.identity, subject.source, faults))
        for event in announcement(_shown(plans, portions)):
            observer(event)
        results, done = self._run(
            replace(stage, observer=observer, inspection=Inspection(subject, observer)), plans, portions
        )
        bad = [result.key for result in results if result.conclusion in _BAD]
        there = tuple((file.index, file.filename) for file in stage.twins.published())
        if bad:
            reason = _shown_last(observer) or witness.said or f"{', '.join(bad)} failed"
        else:
            reason = "" if there else _first_error(observer) or ""
        verdict, code = (Verdict.NO_GO, ExitCode.NO_GO) if bad else (Verdict.GO, ExitCode.GO)
        said = (
            reason.splitlines()[0] if reason else f"{len(there)} {'file is' if len(there) == 1 else 'files are'} there"
        )
        observer(RunFinished(verdict=verdict, reason=said, at=time.time(), exit_code=code))
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
        self, stage: Stage, plans: Sequence[Plan], portions: Sequence[Portion]
    ) -> tuple[tuple[JobResult, ...], tuple[Portion, ...]]:
        settings = [
            replace(run_settings(stage, plan, number), portion=portion)
            for plan, number, portion in zip(plans, self.numbers, portions, strict=True)
        ]
        run = Run(settings, self.actions.resolve_step, self.subject.masker)
        return run.execute(), run.portions()


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

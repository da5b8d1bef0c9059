"""What is known of a run after each event: a pure reducer over frozen state, from which reports are made.

Tolerates what it was not told (a line of a step that never started): a record may be cut short. Knows no renderer.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from simulator.described_releases import ReleaseDescribed
from simulator.findings import Finding
from simulator.positions import Span
from simulator.run_events import (
    ActionResolved,
    Annotation,
    ArtifactStored,
    CacheUsed,
    Conclusion,
    EngineChosen,
    FaultInjected,
    FilesListed,
    FileUploaded,
    FindingRaised,
    GateEvaluated,
    Installed,
    JobFinished,
    JobPlanned,
    JobStarted,
    Notice,
    Progress,
    RefChanged,
    ReleaseChanged,
    ReviewEnded,
    ReviewRequested,
    RunEvent,
    RunFinished,
    RunStarted,
    Setting,
    SettingsRead,
    StepFinished,
    StepLine,
    StepStarted,
    StepSummary,
    StepVariables,
    TokenExchanged,
    TwinRequest,
    Verdict,
    WorkflowConsidered,
)

LAST_LINES: Final = 25
_MOST_WAITING: Final = 10_000  # lines
_BEFORE: Final = 3  # lines before a complaint
_COMPLAINT: Final = 12  # lines that are kept of one
_COMPLAINS: Final = re.compile(r"\b(?:[Ee]rror|ERROR|\w+(?:Error|Exception)|fatal|FAILED|Traceback)\b(?::| \(|$)")
_OutsideEvent = (
    ArtifactStored
    | CacheUsed
    | TokenExchanged
    | FileUploaded
    | ReleaseDescribed
    | FaultInjected
    | Installed
    | TwinRequest
)
_GithubEvent = RefChanged | ReleaseChanged
_RunEvent = (
    RunStarted
    | FilesListed
    | SettingsRead
    | Notice
    | EngineChosen
    | Progress
    | WorkflowConsidered
    | ActionResolved
    | RunFinished
    | FindingRaised
    | ReviewRequested
    | ReviewEnded
)
_JobEvent = JobPlanned | JobStarted | JobFinished | GateEvaluated
_StepEvent = StepStarted | StepLine | StepFinished | StepSummary | StepVariables | Annotation


@dataclass(frozen=True, kw_only=True, slots=True)
class StepState:
    """A step.

    `lines` are the last ones of its log that a reader would want (no debug lines, no ends of groups), and `complaint`
    those around the first one that reads like an error; both are without the `heading`, which says what is run and
    with which inputs. `command` is its title.
    """

    number: int
    name: str
    span: Span | None = None
    started_at: float | None = None
    finished_at: float | None = None
    outcome: Conclusion | None = None
    conclusion: Conclusion | None = None
    exit_code: int | None = None
    command: str | None = None
    heading: bool = False
    lines: tuple[StepLine, ...] = ()
    complaint: tuple[StepLine, ...] = ()
    complains: bool = False

    @property
    def seconds(self) -> float:
        """How long it took; 0 when it has not ended."""
        return _between(self.started_at, self.finished_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobState:
    """A job and its steps by number; `conclusion` is None until it ended, `own` marks one of pysim's own.

    `span` is where it stands in its file.
    """

    id: str
    name: str
    needs: tuple[str, ...] = ()
    workflow: str | None = None
    environment: str | None = None
    environment_url: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    conclusion: Conclusion | None = None
    reason: str | None = None
    own: bool = False
    span: Span | None = None
    steps: Mapping[int, StepState] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it took; 0 when it has not started or not ended."""
        return _between(self.started_at, self.finished_at)

    @property
    def ended(self) -> Conclusion:
        """How it ended, as `ended` has it."""
        return ended(self.conclusion, self.started_at)

    @property
    def running(self) -> bool:
        """Whether it has started and not ended."""
        return self.started_at is not None and self.conclusion is None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """A run so far; events that are facts by themselves are kept as they came."""

    started: RunStarted | None = None
    settings: tuple[Setting, ...] = ()
    finished: RunFinished | None = None
    engine: EngineChosen | None = None
    progress: str | None = None
    notices: tuple[Notice, ...] = ()
    workflows: tuple[WorkflowConsidered, ...] = ()
    actions: tuple[ActionResolved, ...] = ()
    jobs: Mapping[str, JobState] = field(default_factory=dict)
    gates: tuple[GateEvaluated, ...] = ()
    artifacts: tuple[ArtifactStored, ...] = ()
    caches: tuple[CacheUsed, ...] = ()
    exchanges: tuple[TokenExchanged, ...] = ()
    uploads: tuple[FileUploaded, ...] = ()
    described: tuple[ReleaseDescribed, ...] = ()
    injected: tuple[FaultInjected, ...] = ()
    installs: tuple[Installed, ...] = ()
    refs: tuple[RefChanged, ...] = ()
    releases: tuple[ReleaseChanged, ...] = ()  # of each the last, but none that was made and deleted again
    requests: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (twin, host) -> how many
    annotations: tuple[Annotation, ...] = ()
    summaries: tuple[StepSummary, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """None until the run is over."""
        return self.finished.verdict if self.finished else None

    @property
    def seconds(self) -> float:
        """How long the run took; 0 when it has not ended."""
        return _between(*(event.at if event else None for event in (self.started, self.finished)))

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the files that stand for what jobs on other systems would have made."""
        return frozenset(name for artifact in self.artifacts for name in artifact.placeholders)

    @property
    def published(self) -> tuple[FileUploaded, ...]:
        """The files that an index took, each once."""
        taken = {(u.index, u.project, u.filename): u for u in self.uploads if 200 <= u.status < 300}
        return tuple(taken.values())

    @property
    def faults(self) -> Mapping[str, tuple[FaultInjected, ...]]:
        """What each fault did that the user asked for; nothing of one that never took effect."""
        asked = self.started.faults if self.started else ()
        return {fault: tuple(each for each in self.injected if each.fault == fault) for fault in asked}

    def running_steps(self) -> tuple[tuple[JobState, StepState], ...]:
        """The steps that run, in the order of jobs and steps."""
        return tuple(
            (job, step)
            for job in self.jobs.values()
            if job.running
            for step in job.steps.values()
            if step.started_at is not None and step.conclusion is None
        )

    def failed_steps(self) -> tuple[tuple[JobState, StepState], ...]:
        """The steps that failed their job, in the order of jobs and steps."""
        return tuple(
            (job, step)
            for job in self.jobs.values()
            for step in job.steps.values()
            if step.conclusion is Conclusion.FAILURE
        )


def ended(conclusion: Conclusion | None, started_at: float | None) -> Conclusion:
    """How something ended; what the run's end cut short was cancelled, and what it never reached was skipped."""
    return conclusion or (Conclusion.SKIPPED if started_at is None else Conclusion.CANCELLED)


def _between(start: float | None, end: float | None) -> float:
    return max(0.0, end - start) if start is not None and end is not None else 0.0


class Fold:
    """The state after events that come one by one, from any thread.

    Lines of logs wait until there are many or the state is asked for: a run may have millions.
    """

    def __init__(self, state: RunState | None = None) -> None:
        self._state, self._lines = state or RunState(), list[StepLine]()
        self._lock = threading.Lock()

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock:
            if isinstance(event, StepLine) and len(self._lines) < _MOST_WAITING:
                self._lines.append(event)
                return
            self._take_lines()
            self._state = advance(self._state, event)

    @property
    def state(self) -> RunState:
        """The state after all of them."""
        with self._lock:
            self._take_lines()
            return self._state

    def _take_lines(self) -> None:
        if self._lines:
            self._state = _with_lines(self._state, self._lines)
            self._lines.clear()


def replay(events: Iterable[RunEvent], state: RunState | None = None) -> RunState:
    """The state after all of the events."""
    fold = Fold(state)
    for event in events:
        fold(event)
    return fold.state


def advance(state: RunState, event: RunEvent) -> RunState:
    """The state after one more event."""
    match event:
        case RunStarted() | Notice() | EngineChosen() | Progress() | WorkflowConsidered() | RunFinished():
            return _run(state, event)
        case FindingRaised() | ActionResolved() | SettingsRead() | FilesListed() | ReviewRequested() | ReviewEnded():
            return _run(state, event)
        case JobPlanned() | JobStarted() | JobFinished() | GateEvaluated():
            return _job(state, event)
        case StepStarted() | StepLine() | StepFinished() | StepSummary() | StepVariables() | Annotation():
            return _step(state, event)
        case (
            ArtifactStored()
            | CacheUsed()
            | TokenExchanged()
            | FileUploaded()
            | ReleaseDescribed()
            | FaultInjected()
            | Installed()
            | TwinRequest()
        ):
            return _outside(state, event)
        case RefChanged() | ReleaseChanged():
            return _github(state, event)
        case _:
            assert_never(event)


def _run(state: RunState, event: _RunEvent) -> RunState:
    match event:
        case RunStarted():
            state = replace(state, started=event)
        case SettingsRead():
            state = replace(state, settings=event.settings)
        case RunFinished():
            state = replace(state, finished=event, progress=None)
        case EngineChosen():
            state = replace(state, engine=event)
        case Progress():
            state = replace(state, progress=event.message)
        case Notice():
            state = replace(state, notices=(*state.notices, event))
        case WorkflowConsidered():
            state = replace(state, workflows=(*state.workflows, event))
        case ActionResolved():
            state = replace(state, actions=(*state.actions, event))
        case FilesListed() | ReviewRequested() | ReviewEnded():
            pass  # of the diagnoses, and of the terminal alone
        case FindingRaised():
            state = replace(state, findings=(*state.findings, event.finding))
        case _:
            assert_never(event)
    return state


def _job(state: RunState, event: _JobEvent) -> RunState:
    job = state.jobs.get(event.job_id) or JobState(id=event.job_id, name=event.job_id)
    match event:
        case JobPlanned():
            job = replace(
                job,
                name=event.name,
                needs=event.needs,
                workflow=event.workflow,
                environment=event.environment,
                own=event.own,
                span=event.span,
            )
        case JobStarted():
            job = replace(job, started_at=event.at)
        case JobFinished():
            job = replace(
                job,
                finished_at=event.at,
                conclusion=event.conclusion,
                reason=event.reason,
                environment_url=event.environment_url,
            )
        case GateEvaluated():
            return replace(state, gates=(*state.gates, event))
        case _:
            assert_never(event)
    return replace(state, progress=None, jobs={**state.jobs, job.id: job})


def _step(state: RunState, event: _StepEvent) -> RunState:
    if isinstance(event, StepVariables):
        return state
    if isinstance(event, StepLine):
        return _with_lines(state, (event,))
    if isinstance(event, StepSummary):
        return replace(state, summaries=(*state.summaries, event))
    if isinstance(event, Annotation):
        return replace(state, annotations=(*state.annotations, event))
    job, step = _step_of(state.jobs, event.job_id, event.number)
    match event:
        case StepStarted():
            step = replace(step, name=event.name, span=event.span, started_at=event.at)
        case StepFinished():
            step = replace(
                step,
                finished_at=event.at,
                outcome=event.outcome,
                conclusion=event.conclusion,
                exit_code=event.exit_code,
            )
        case _:
            assert_never(event)
    job = replace(job, steps={**job.steps, step.number: step})
    return replace(state, jobs={**state.jobs, job.id: job})


def _step_of(jobs: Mapping[str, JobState], job_id: str, number: int) -> tuple[JobState, StepState]:
    job = jobs.get(job_id) or JobState(id=job_id, name=job_id)
    return job, job.steps.get(number) or StepState(number=number, name=f"step {number}")


def complains(text: str) -> bool:
    """Whether a line of a log reads like an error."""
    return _COMPLAINS.search(text) is not None


def _with_lines(state: RunState, lines: Sequence[StepLine]) -> RunState:
    """The state after lines of any steps."""
    by_step: dict[tuple[str, int], list[StepLine]] = {}
    for each in lines:
        by_step.setdefault((each.job_id, each.number), []).append(each)
    jobs = dict(state.jobs)
    for (job_id, number), said in by_step.items():
        job, step = _step_of(jobs, job_id, number)
        jobs[job_id] = replace(job, steps={**job.steps, number: _said(step, said)})
    return replace(state, jobs=jobs)


def _said(step: StepState, lines: Iterable[StepLine]) -> StepState:
    """A step that printed more."""
    command, heading, complaining = step.command, step.heading, step.complains
    last, kept = deque(step.lines, maxlen=LAST_LINES), list(step.complaint)
    for each in lines:
        if each.level == "debug":
            continue
        if command is None and each.level == "group":
            command, heading = each.line, True
        elif heading or each.level == "endgroup":
            heading = heading and each.level != "endgroup"
        else:
            command = command or ""
            last.append(each)
            if not complaining:
                kept = [*kept[-_BEFORE:], each]
                complaining = each.level == "error" or complains(each.line)
            elif len(kept) < _COMPLAINT:
                kept.append(each)
    return replace(
        step, command=command, heading=heading, lines=tuple(last), complaint=tuple(kept), complains=complaining
    )


def _outside(state: RunState, event: _OutsideEvent) -> RunState:
    match event:
        case ArtifactStored():
            others = tuple(each for each in state.artifacts if (each.job_id, each.name) != (event.job_id, event.name))
            state = replace(state, artifacts=others if event.deleted else (*others, event))
        case CacheUsed():
            state = replace(state, caches=(*state.caches, event))
        case TokenExchanged():
            state = replace(state, exchanges=(*state.exchanges, event))
        case FileUploaded():
            state = replace(state, uploads=(*state.uploads, event))
        case ReleaseDescribed():
            state = replace(state, described=(*state.described, event))
        case FaultInjected():
            state = replace(state, injected=(*state.injected, event))
        case Installed():
            state = replace(state, installs=(*state.installs, event))
        case TwinRequest():
            key = (event.twin, event.host)
            state = replace(state, requests={**state.requests, key: state.requests.get(key, 0) + 1})
        case _:
            assert_never(event)
    return state


def _github(state: RunState, event: _GithubEvent) -> RunState:
    if isinstance(event, RefChanged):
        return replace(state, refs=(*state.refs, event))
    others = state.releases
    if event.latest:  # of several releases only one is
        others = tuple(replace(release, latest=False) for release in others)
    known = {release.number: release for release in others}
    made = event.number in known and known[event.number].change == "created"
    known[event.number] = replace(event, change="created") if made and event.change == "edited" else event
    if made and event.change == "deleted":
        del known[event.number]
    return replace(state, releases=tuple(known.values()))

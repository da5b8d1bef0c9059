"""The run as plain lines, for logs and pipes: a line when a step ends, a failed step's last lines, then the report.

With `verbose` every line of every step, under its job's name. Knows no terminal.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TextIO, assert_never

from simulator.described_releases import ReleaseDescribed
from simulator.report.complaints import complaint_lines
from simulator.report.github import ref_words, release_words
from simulator.report.state import LAST_LINES, Fold, RunState
from simulator.report.words import (
    VERDICTS,
    by_source,
    cache_words,
    commit,
    duration,
    index_name,
    last_lines,
    log_lines,
    place,
    plural,
    size,
    stands_in,
    trigger,
    without_escapes,
)
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
    SettingsRead,
    StepFinished,
    StepLine,
    StepStarted,
    StepSummary,
    StepVariables,
    TokenExchanged,
    TwinRequest,
    WorkflowConsidered,
)

if TYPE_CHECKING:
    from simulator.paths import RunFolder

WIDTH: Final = 100
_QUIET: Final = 15.0
_SAID: Final = 100
_REPORT_LINES: Final = 10  # of a failed step, whose last lines stand further up already
_OutsideEvent = ArtifactStored | CacheUsed | TokenExchanged | FileUploaded | Installed | GateEvaluated
_RunEvent = RunStarted | SettingsRead | Notice | EngineChosen | Progress | WorkflowConsidered | RunFinished
_StepEvent = StepStarted | StepLine | StepFinished


class PlainRenderer:
    """Writes to a stream, line by line; `close` writes the report.

    A step that runs on is told every `quiet` seconds, with the last line of its log, unless each line is written.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        verbose: bool = False,
        folder: RunFolder | None = None,
        quiet: float = _QUIET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._stream, self._clock = stream, clock
        self._lock, self._over = threading.Lock(), threading.Event()
        self._beat = None if verbose else threading.Thread(target=self._tell_running, args=(quiet,), daemon=True)
        self._verbose = verbose
        self._folder = folder
        self._fold = Fold()
        self._closed = False

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock:
            self._fold(event)
            if self._verbose or not isinstance(event, StepLine):
                self._write(event_lines(self._fold.state, event, verbose=self._verbose))
        if isinstance(event, JobStarted) and self._beat is not None and self._beat.ident is None:
            self._beat.start()
        elif isinstance(event, RunFinished):
            self._over.set()

    def close(self) -> None:
        self._over.set()
        state = self._fold.state
        if self._closed or state.finished is None:
            return
        self._closed = True
        from rich.console import Console

        from simulator.report.go_no_go import report

        console = Console(file=self._stream, width=WIDTH, color_system=None, force_terminal=False)
        text = report(state, console, folder=self._folder, log_lines=_REPORT_LINES, whole=self._verbose)
        self._write([part.plain for part in text])

    def _tell_running(self, quiet: float) -> None:
        told: dict[tuple[str, int], float] = {}  # when each running step was told last
        while not self._over.wait(min(quiet / 4, 1)):
            with self._lock, contextlib.suppress(OSError, ValueError):  # whoever reads may have gone
                now = self._clock()
                for job, step in self._fold.state.running_steps():
                    since = step.started_at if step.started_at is not None else now
                    if now - told.setdefault((job.id, step.number), since) >= quiet:
                        told[job.id, step.number] = now
                        said = (last_lines(step.lines, 1) or [""])[-1].strip()[:_SAID]
                        head = f"{job.name}: {_one_line(step.name)} ... {duration(now - since)} so far"
                        self._write([without_escapes(f"{head}{f': {said}' if said else ''}")])

    def _write(self, lines: list[str]) -> None:
        if lines:
            self._stream.write("".join(f"{line.rstrip()}\n" for line in lines))
            self._stream.flush()


def event_lines(state: RunState, event: RunEvent, *, verbose: bool = False) -> list[str]:
    """What a reader is told of an event; `state` is that after it."""
    match event:
        case StepStarted() | StepLine() | StepFinished():
            return _step(state, event, verbose=verbose)
        case ArtifactStored() | CacheUsed() | TokenExchanged() | FileUploaded() | Installed() | GateEvaluated():
            lines = _outside(event)
        case JobPlanned() | JobStarted() | JobFinished():
            lines = _job(state, event)
        case ReviewRequested():
            lines = [f"environment {event.environment} waits for a review by {' or '.join(event.reviewers)}"]
        case FaultInjected():
            lines = [f"{event.job_id}: fault {event.fault}: {event.what}"]
        case RefChanged():
            lines = [f"{event.job_id}: {ref_words(event)}"]
        case ReleaseChanged():
            lines = [f"{event.job_id}: {release_words(event)}"]
        case (
            Annotation()
            | StepSummary()
            | StepVariables()
            | FilesListed()
            | TwinRequest()
            | ReviewEnded()
            | ReleaseDescribed()
        ):
            lines = []
        case (
            RunStarted()
            | SettingsRead()
            | Notice()
            | EngineChosen()
            | Progress()
            | WorkflowConsidered()
            | RunFinished()
        ):
            lines = _run(event)
        case ActionResolved():
            lines = [] if event.builtin else [f"action: {event.uses}: {stands_in(event)}"]
        case FindingRaised():
            finding = event.finding
            lines = [f"finding: {finding.severity}: {finding.message} [{finding.code}]"]
        case _:
            assert_never(event)
    return [without_escapes(line) for text in lines for line in text.replace("\n", "\n  ").split("\n")]


def _run(event: _RunEvent) -> list[str]:
    match event:
        case RunStarted():
            lines = [f"rehearsal of {trigger(event)} in {event.repository}, {commit(event)}"]
            lines += [f"with the faults {', '.join(event.faults)}"] if event.faults else []
        case SettingsRead():
            lines = [f"settings: {source}: {', '.join(names)}" for source, names in by_source(event.settings).items()]
        case Notice():
            lines = [f"note: {event.message}", *([f"  {event.hint}"] if event.hint else [])]
        case EngineChosen():
            lines = [f"engine: {event.engine}: {event.reason}; image {event.image}"]
        case Progress():
            lines = [f"prepare: {event.message}"]
        case WorkflowConsidered():
            verb = "rehearsed" if event.rehearsed else "starts, left out" if event.starts else "not started"
            lines = [f"workflow: {event.path}: {verb}: {event.reason}"]
        case RunFinished():
            lines = [f"verdict: {VERDICTS[event.verdict]}"]
        case _:
            assert_never(event)
    return lines


def _job(state: RunState, event: JobPlanned | JobStarted | JobFinished) -> list[str]:
    job = state.jobs[event.job_id]
    match event:
        case JobPlanned():
            return []
        case JobStarted():
            return [f"{job.name}: started"]
        case JobFinished():
            time = f", {duration(job.seconds)}" if job.started_at is not None else ""
            return [f"{job.name}: {event.conclusion}{time}{f': {event.reason}' if event.reason else ''}"]
        case _:
            assert_never(event)


def _outside(event: _OutsideEvent) -> list[str]:
    match event:
        case GateEvaluated():
            refusal = "lets the job wait" if event.paused else "keeps the job out"
            answer = "lets the job in" if event.allowed else refusal
            text = f"{event.job_id}: environment {event.environment} {answer}: {event.reason}"
        case ArtifactStored():
            what = "deleted" if event.deleted else f"{plural(len(event.files), 'file')}, {size(event.size)}"
            text = f"{event.job_id}: artifact {event.name}: {what}"
        case CacheUsed():
            text = f"{event.job_id}: cache {cache_words(event)}"
        case TokenExchanged():
            answer = f"gives an upload token to {event.publisher}" if event.ok else f"refuses a token: {event.error}"
            text = f"{event.job_id}: {index_name(event.index)} {answer}"
        case FileUploaded():
            taken = 200 <= event.status < 300
            said = size(event.size) if taken else f"{event.status} {event.message}"
            said += ", attested" if event.attested else ""
            verb = "takes" if taken else "refuses"
            text = f"{event.job_id}: {index_name(event.index)} {verb} {event.filename}: {said}"
        case Installed():
            what = f"{event.tool} install {event.project}=={event.version} ({event.dist})"
            text = f"install: {what}: {'ok' if event.ok else 'FAILED'}, {duration(event.seconds)}"
        case _:
            assert_never(event)
    return [text]


def _step(state: RunState, event: _StepEvent, *, verbose: bool) -> list[str]:
    job = state.jobs[event.job_id]
    head = without_escapes(job.name)
    match event:
        case StepStarted():
            return [f"{head}: {_one_line(event.name)}"] if verbose else []
        case StepLine():
            return [f"{head}: | {text}" for text in log_lines(event)] if verbose else []
        case StepFinished():
            step = job.steps[event.number]
            if event.conclusion is Conclusion.SKIPPED:
                return [f"{head}: {_one_line(step.name)} ... skipped"] if verbose else []
            told = [f"{head}: {_one_line(step.name)} ... {_ending(event)}{duration(step.seconds)}"]
            if event.outcome is not Conclusion.FAILURE:
                return told
            if not verbose:
                told += [f"    | {text}" for text in complaint_lines(step, LAST_LINES)]
            return told + ([f"    at {_one_line(place(step.span) or '')}"] if step.span and not job.own else [])
        case _:
            assert_never(event)


def _ending(event: StepFinished) -> str:
    if event.outcome is Conclusion.SUCCESS:
        return ""
    code = f", exit code {event.exit_code}" if event.exit_code is not None else ""
    forgiven = ", goes on (continue-on-error)" if event.conclusion is Conclusion.SUCCESS else ""
    verb = "FAILED" if event.outcome is Conclusion.FAILURE else str(event.outcome)
    return f"{verb}{code}{forgiven}, "


def _one_line(text: str) -> str:
    return without_escapes(text.replace("\n", " "))

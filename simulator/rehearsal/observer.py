"""Findings from what happened: failed steps, refused exchanges and uploads, read from the run events as they pass.

One cause gives one finding: what an index refused explains the step that failed by it.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from packaging.utils import canonicalize_name

from simulator.acceptance import Acceptances
from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.planning.programs import hosted_programs
from simulator.planning.uploads import index_of_host
from simulator.positions import Span
from simulator.rehearsal.addresses import asked_in_vain
from simulator.rehearsal.causes.facts import Facts
from simulator.rehearsal.causes.model import Failure
from simulator.rehearsal.causes.registry import diagnose
from simulator.rehearsal.explanations import (
    STEPS,
    Explanation,
    explain,
    explain_upload,
    hint_for,
    place_of,
    with_locations,
)
from simulator.rehearsal.refusals import is_predicted
from simulator.rehearsal.refused_events import (
    asked_wrong_address,
    cancelled_by_group,
    colliding_publishers,
    forgiven,
    refusal_without_failure,
    refused_exchange,
    refused_upload,
)
from simulator.rehearsal.unreachable import Unreachable
from simulator.rehearsal.verdict import with_needs
from simulator.remedies import Act, remedy
from simulator.run_events import (
    Annotation,
    Conclusion,
    EventSink,
    FaultInjected,
    FileUploaded,
    FindingRaised,
    JobFinished,
    JobPlanned,
    JobStarted,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
    TokenExchanged,
    TwinRequest,
)

StepKey = tuple[str, int]
Page = tuple[IndexName, str]
"""An index, and the normalised name of a project."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedStep:
    """A step that its condition left out, and what of that was false."""

    job_id: str
    name: str
    span: Span | None
    reason: str


_PROJECT: Final = re.compile(r"/(?:simple|pypi)/([^/]+)/")
_UNIMPORTABLE: Final = ("entry-point", "missing-modules", "empty-wheel")
_OF_INSTALL: Final = ("install-failed", "import-failed")
_NO_MODULE: Final = re.compile(r"No module named '([\w.]+)'")


_COMPLAINT: Final = "Mend what the step complains of: its last lines are above, all of them in its log."
_OFFLINE: Final = " This run was offline: did the step want something of the network?"
_NOT_FOUND: Final = 127  # of a shell that finds no such command
_MISSING: Final = (
    "A command was not found: the step's last lines name it. GitHub's runners may have it. On the local engine, "
    "programs are those of this machine: install it, or use the docker engine. Else let a step before install it."
)
_HOSTED: Final = (
    "Nothing is known of this step. Use the Docker engine where its image has the program, or install it on this "
    "machine."
)
_NEEDS_DAEMON: Final = "Nothing is known of this step. Use the Docker engine, in which a job has a daemon."
_NO_DAEMON: Final = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock"
_LAST_LINES: Final = 10
_NO_COMMAND: Final = re.compile(r": ([\w.+-]+): (?:command )?not found")  # of bash and of dash
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_REMEMBERED: Final = 80  # last lines of a step, among which is what twine says
_TOO_LONG: Final = "exceeded the maximum execution time"
_BY_GROUP: Final = re.compile("a higher priority waiting request|concurrency group")


class Observer:
    """An event sink that passes every event on and raises findings of its own behind them, each once."""

    def __init__(self, emit: EventSink, *, offline: bool = False) -> None:
        self._emit, self._offline = emit, offline
        self._unreachable = Unreachable(offline=offline)
        self.span_of_words: Callable[[str], Span | None] = lambda _: None
        """Where a pyproject.toml has what an index's words name."""
        self.quote: Callable[[str, int], str | None] = lambda _file, _line: None
        """A line of a file of the rehearsed commit."""
        self.facts = Facts()
        self._lock = threading.Lock()
        self._steps: dict[StepKey, StepStarted] = {}
        self._current: dict[str, StepStarted] = {}
        self._errors: dict[StepKey, list[str]] = {}
        self._lines: dict[StepKey, deque[str]] = {}
        self._locations: Mapping[str, str] = {}
        self._refusals: dict[str, Finding] = {}
        self._faults: dict[str, FaultInjected] = {}  # the last one of a job's current step
        self._explained: set[str] = set()
        self._predicted: set[str] = set()
        self._offering: set[str] = set()
        self._asking: set[str] = set()
        self._pages: dict[str, set[Page]] = {}
        self._findings: list[Finding] = []
        self._acceptances = Acceptances()
        self._begun = False  # whether a job has
        self._needs: dict[str, tuple[str, ...]] = {}  # of a job, as its announcement has them
        self._unrehearsed: set[str] = set()
        self._skipped: list[SkippedStep] = []
        self._uploaders: dict[str, list[str]] = {}

    def __call__(self, event: RunEvent) -> None:
        """Pass an event on, then what it means."""
        if isinstance(event, FindingRaised):
            self.raise_finding(event.finding)
            return
        if isinstance(event, JobPlanned):
            self._needs[event.job_id] = event.needs
        self._begun = self._begun or isinstance(event, JobStarted)
        self._emit(event)
        if isinstance(event, FileUploaded) and event.index in TITLES:
            self._offering.add(event.job_id)
        elif isinstance(event, TwinRequest) and (page := _page_of_project(event)) is not None:
            self._pages.setdefault(event.job_id, set()).add(page)
        with self._lock:
            if isinstance(event, FileUploaded) and event.status < 400:
                self._uploaders.setdefault(event.index, []).append(event.job_id)
            self._unreachable.hear(event)
            self.facts.hear(event)
            finding = self._judge(event)
        if finding is not None:
            self.raise_finding(finding)

    def raise_finding(self, finding: Finding) -> None:
        """Report a finding that was not reported yet."""
        with self._lock:
            if finding.unrehearsed or not self._begun:  # what fails in a run is no longer only known
                finding = self._acceptances.weigh(finding)
            if finding in self._findings or self._is_known(finding):
                return
            self._findings.append(finding)
            self._unrehearsed.update(finding.unrehearsed)
        if isinstance(finding.where, Span):
            finding = replace(finding, source=self.quote(finding.where.file, finding.where.line))
        self._emit(FindingRaised(finding=finding))

    @property
    def placeholders(self) -> Collection[str]:
        """The names of the files that stand for what jobs on other systems would have made."""
        return frozenset(name for stored in self.facts.artifacts for name in stored.placeholders)

    @property
    def offered(self) -> bool:
        """Whether a job has offered a file to an index."""
        return bool(self._offering)

    def looked_up(self, job_id: str) -> Collection[Page]:
        """The projects whose pages a job asked an index for, where it offered that no file."""
        return () if job_id in self._offering else frozenset(self._pages.get(job_id, ()))

    def has_asked_an_index(self, job_id: str) -> bool:
        """Whether a job asked an index for an upload token, or to take a file."""
        return job_id in self._asking or job_id in self._offering

    def accept(self, acceptances: Acceptances) -> None:
        """What the user takes as it is, from now on."""
        with self._lock:
            self._acceptances = acceptances

    @property
    def skipped(self) -> Sequence[SkippedStep]:
        """The steps that their condition left out, so far."""
        with self._lock:
            return tuple(self._skipped)

    @property
    def uploaders(self) -> Mapping[str, Sequence[str]]:
        """The jobs that uploaded files, by the index, or the host of another one."""
        with self._lock:
            return {index: tuple(dict.fromkeys(jobs)) for index, jobs in self._uploaders.items()}

    def needs(self, job_id: str) -> tuple[str, ...]:
        """What a job needs, as files name it."""
        return self._needs.get(job_id, ())

    def use_locations(self, locations: Mapping[str, str]) -> None:
        """What `explanations.with_locations` gets from now on."""
        with self._lock:
            self._locations = dict(locations)

    @property
    def findings(self) -> Sequence[Finding]:
        """All findings so far."""
        with self._lock:
            return tuple(self._findings)

    def _is_known(self, finding: Finding) -> bool:
        """Whether a failed install is what a finding about the built files says already."""
        absent = _NO_MODULE.search(finding.message) if finding.code in _OF_INSTALL else None
        return absent is not None and any(
            told.severity is Severity.ERROR and told.code in _UNIMPORTABLE and absent[1] in told.message
            for told in self._findings
        )

    def _judge(self, event: RunEvent) -> Finding | None:
        match event:
            case StepStarted():
                self._steps[event.job_id, event.number] = self._current[event.job_id] = event
            case Annotation(level="error"):
                self._errors.setdefault((event.job_id, event.number), []).append(event.message)
            case TokenExchanged():
                self._asking.add(event.job_id)
                return self._exchanged(event)
            case StepLine():
                self._lines.setdefault((event.job_id, event.number), deque(maxlen=_REMEMBERED)).append(event.line)
                if self._findings and is_predicted(event.line, self._findings):
                    self._predicted.add(event.job_id)
            case TwinRequest() if asked_in_vain(event):
                self._refuse(event.job_id, asked_wrong_address(event, self._place(event.job_id)))
            case FileUploaded() if event.status >= 400:
                self.refused_upload(event)
            case FaultInjected():
                self._faults[event.job_id] = event
            case StepFinished():
                self._note_skipped(event)
                return self._ended_step(event)
            case JobFinished(conclusion=Conclusion.CANCELLED) if event.reason and _TOO_LONG in event.reason:
                return self._late_job(event.job_id, event.reason)
            case JobFinished(conclusion=Conclusion.CANCELLED) if _BY_GROUP.search(event.reason or ""):
                return cancelled_by_group(event.job_id, event.reason or "")
            case _:
                pass
        return None

    def refused_upload(self, event: FileUploaded) -> None:
        """What a finding about the built files has predicted is told already."""
        if is_predicted(event.message, self._findings):
            self._predicted.add(event.job_id)
        else:
            self._refuse(event.job_id, refused_upload(event, self._cause(event)))

    def _exchanged(self, event: TokenExchanged) -> Finding | None:
        """A refusal becomes a finding when its step ends, by how that ended."""
        if event.ok:
            return colliding_publishers(event, self._place(event.job_id))
        self._refuse(event.job_id, refused_exchange(event, self._place_of_claim(event)))
        return None

    def _place_of_claim(self, event: TokenExchanged) -> Span | str:
        """Where the environment is written, if that is the first claim that differs; else the step."""
        job = self.facts.job(event.job_id)
        wrong = next((check.claim for check in event.claims if not check.ok), None)
        written = job.environment if job is not None and wrong == "environment" else None
        return written.span if written is not None else self._place(event.job_id)

    def _refuse(self, job_id: str, finding: Finding) -> None:
        """Keep the first refusal of a job until its step ends."""
        self._refusals.setdefault(job_id, replace(finding, hint=with_locations(finding.hint, self._locations)))

    def _cause(self, event: FileUploaded) -> Span | str:
        """Where the cause of a refusal is, as far as its words or what mends it tell; else the step."""
        known = explain_upload(event.message)
        place = self.span_of_words(event.message) or place_of(known.hint, self._locations)
        return place or self._place(event.job_id)

    def _place(self, job_id: str) -> Span | str:
        """The step that a job is at."""
        step = self._current.get(job_id)
        return step.span if step and step.span else f"job {job_id}"

    def _ended_step(self, event: StepFinished) -> Finding | None:
        """What an index refused is an error when the step failed by it, and else what the step wanted."""
        refusal, fault = self._refusals.pop(event.job_id, None), self._faults.pop(event.job_id, None)
        predicted = event.job_id in self._predicted
        self._predicted.discard(event.job_id)
        if event.conclusion is not Conclusion.FAILURE:
            return refusal_without_failure(refusal) if refusal else None
        if event.job_id in self._explained:
            return None
        self._explained.add(event.job_id)
        if predicted and refusal is None:
            return None
        if refusal is None:
            said = self._step_of_fault(event, fault) if fault else self._failed_step(event)
            refusal = self._in_doubt(said, event.job_id)
        elif fault is not None:
            refusal = replace(refusal, hint=f"The fault {fault.fault} was asked for. In a release: {refusal.hint}")
        return forgiven(refusal) if event.forgiven else refusal

    def _note_skipped(self, event: StepFinished) -> None:
        step = self._steps.get((event.job_id, event.number))
        if event.conclusion is Conclusion.SKIPPED and event.reason is not None and step is not None:
            self._skipped.append(SkippedStep(job_id=event.job_id, name=step.name, span=step.span, reason=event.reason))

    def _in_doubt(self, finding: Finding, job_id: str) -> Finding:
        """A failure behind something that was not rehearsed may come from that."""
        if finding.unrehearsed or not with_needs([job_id], self._needs) & self._unrehearsed:
            return finding
        return replace(
            finding,
            severity=Severity.WARNING,
            message=f"{finding.message} (behind what was not rehearsed, which may be why)",
            unrehearsed=(job_id,),
        )

    def _late_job(self, job_id: str, reason: str) -> Finding:
        return Finding(
            code="job-timeout",
            severity=Severity.ERROR,
            message=f"Job {job_id} was cancelled: {reason}",
            where=self._place(job_id),
            would_show=reason,
            hint="Raise the job's `timeout-minutes`, or find what makes the step that was cut off wait.",
        )

    def _step_of_fault(self, event: StepFinished, fault: FaultInjected) -> Finding:
        """A step that failed after a fault that the user asked for: what it says is what the release would say."""
        said = self._failed_step(event)
        return replace(
            said,
            code="injected-fault",
            severity=Severity.ERROR,
            unrehearsed=(),
            message=f"{said.message} (with the injected fault {fault.fault}: {fault.what})",
            hint="Nothing is wrong with the workflow: the fault was asked for, and a release that meets it ends so. "
            "When the service works again, re-run the failed job: a drill rehearses that.",
            remedies=(remedy(Act.DRILL),),
        )

    def _failed_step(self, event: StepFinished) -> Finding:
        key = event.job_id, event.number
        step = self._steps.get(key)
        name, span = (step.name, step.span) if step else ("a step", None)
        errors = [text for text in self._errors.get(key, []) if not text.startswith("Process completed with")]
        text = errors[0] if errors else ""
        where = span or f"job {event.job_id}, step {event.number}"
        lines = list(map(_uncoloured, self._lines.pop(key, ())))
        known, told = _known(lines, text)
        if cause := self._diagnose(event, [*errors, *_sentences(lines)]):
            return cause
        if known is not None:
            return Finding(
                code=known.code,
                severity=Severity.WARNING if known.here else Severity.ERROR,
                message=f"{name} (job {event.job_id}): {known.says or _first_line(told)}",
                where=place_of(known.hint, self._locations) or where,
                would_show=None if known.here else told,
                hint=with_locations(hint_for(known, told), self._locations),
                remedies=known.remedies,
                unrehearsed=(event.job_id,) if known.here else (),
            )
        if found := self._unreachable.explains(event.job_id, [*lines, *errors]):
            return self._unreachable.finding(name, event.job_id, found, where)
        if (program := _missing_program(lines, event.exit_code)) is not None:
            return Finding(
                code="missing-program",
                severity=Severity.WARNING,
                message=f"{name} (job {event.job_id}) is not rehearsed: {program} is not here, and GitHub's "
                "ubuntu-24.04 has it",
                where=where,
                hint=_NEEDS_DAEMON if program == "docker" else _HOSTED,
                remedies=(remedy(Act.USE_ENGINE, "docker"),),
                unrehearsed=(event.job_id,),
            )
        said = f": {_first_line(text)}" if text else ""
        code = f" with exit code {event.exit_code}" if event.exit_code else ""
        return Finding(
            code="step-failed",
            severity=Severity.ERROR,
            message=f"{name} (job {event.job_id}) failed{code}{said}",
            where=where,
            would_show=text or None,
            hint=(_MISSING if event.exit_code == _NOT_FOUND else _COMPLAINT) + (_OFFLINE if self._offline else ""),
            remedies=(remedy(Act.USE_ENGINE, "docker"),) if event.exit_code == _NOT_FOUND else (),
        )

    def _diagnose(self, event: StepFinished, texts: Sequence[str]) -> Finding | None:
        """What the facts of the run say of a failed step."""
        step = self.facts.step(event.job_id, event.number)
        cause = diagnose(Failure(step=step, texts=texts), self.facts) if step else None
        if step is None or cause is None:
            return None
        return Finding(
            code=cause.code,
            severity=Severity.ERROR,
            message=f"{step.name} (job {event.job_id}): {cause.says}",
            where=cause.where,
            would_show=cause.shown,
            hint=cause.hint,
        )


def _uncoloured(line: str) -> str:
    return _COLOUR.sub("", line)


def _missing_program(lines: Sequence[str], exit_code: int | None) -> str | None:
    """The program of GitHub's image that a shell did not find in a step, or docker where its client finds no daemon."""
    if any(_NO_DAEMON in line for line in [line for line in lines if line.strip()][-_LAST_LINES:]):
        return "docker"
    if exit_code != _NOT_FOUND:
        return None
    found = (match[1] for line in reversed(lines) if (match := _NO_COMMAND.search(line)))
    last = next(found, None)
    return last if last in hosted_programs()["programs"] else None


def _known(lines: Sequence[str], error: str) -> tuple[Explanation | None, str]:
    """What explains a failed step, in its error or else in its log, and that text."""
    for text in (error, *_sentences(lines)):
        if known := explain(STEPS, text):
            return known, text
    return None, error


def _page_of_project(event: TwinRequest) -> Page | None:
    """The project whose page of links, or of data, a request reads."""
    index = index_of_host(event.host)
    named = _PROJECT.match(event.path)
    return (index, canonicalize_name(named[1])) if index and named and event.method == "GET" else None


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a log, each with the indented ones below it: twine's messages go on so."""
    text = ""
    for line in lines:
        if line[:1] == " ":
            text = f"{text.rstrip()} {line.strip()}"
            continue
        yield text
        text = line
    yield text


def _first_line(text: str) -> str:
    """The first line of a message, with the next one where that is only its heading."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]) if lines else ""

"""Findings from what happened: failed steps, refused exchanges and uploads, read from the run events as they pass.

One cause gives one finding: what an index refused explains the step that failed by it.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from packaging.utils import canonicalize_name

from simulator.findings import Finding, Severity
from simulator.indexes import TITLES, IndexName
from simulator.planning.uploads import index_of_host
from simulator.positions import Span
from simulator.rehearsal.addresses import asked_in_vain, right_address, wrong_address
from simulator.rehearsal.explanations import EXCHANGES, STEPS, Explanation, explain, explain_upload, with_locations
from simulator.rehearsal.refusals import is_predicted
from simulator.remedies import Act, Remedy, remedy
from simulator.run_events import (
    Annotation,
    Conclusion,
    EventSink,
    FaultInjected,
    FileUploaded,
    FindingRaised,
    JobFinished,
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

_PROJECT: Final = re.compile(r"/(?:simple|pypi)/([^/]+)/")
_UNIMPORTABLE: Final = ("entry-point", "missing-modules", "empty-wheel")
_NO_MODULE: Final = re.compile(r"No module named '([\w.]+)'")


_NO_PUBLISHER: Final = "no corresponding publisher"
_COMPLAINT: Final = "Mend what the step complains of: its last lines are above, all of them in its log."
_OFFLINE: Final = " This run was offline: did the step want something of the network?"
_NOT_FOUND: Final = 127  # of a shell that finds no such command
_MISSING: Final = (
    "A command was not found: the step's last lines name it. GitHub's runners may have it. On the local engine, "
    "programs are those of this machine: install it, or use the docker engine. Else let a step before install it."
)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_REMEMBERED: Final = 80  # last lines of a step, among which is what twine says
_TOO_LONG: Final = "exceeded the maximum execution time"
_BY_GROUP: Final = re.compile("a higher priority waiting request|concurrency group")


class Observer:
    """An event sink that passes every event on and raises findings of its own behind them, each once."""

    def __init__(self, emit: EventSink, *, offline: bool = False) -> None:
        self._emit, self._offline = emit, offline
        self.span_of_words: Callable[[str], Span | None] = lambda _: None
        """Where a pyproject.toml has what an index's words name."""
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
        self._pages: dict[str, set[Page]] = {}
        self._findings: list[Finding] = []

    def __call__(self, event: RunEvent) -> None:
        """Pass an event on, then what it means."""
        if isinstance(event, FindingRaised):
            self.raise_finding(event.finding)
            return
        self._emit(event)
        if isinstance(event, FileUploaded) and event.index in TITLES:
            self._offering.add(event.job_id)
        elif isinstance(event, TwinRequest) and (page := _page_of_project(event)) is not None:
            self._pages.setdefault(event.job_id, set()).add(page)
        with self._lock:
            finding = self._judge(event)
        if finding is not None:
            self.raise_finding(finding)

    def raise_finding(self, finding: Finding) -> None:
        """Report a finding that was not reported yet."""
        with self._lock:
            if finding in self._findings or self._is_known(finding):
                return
            self._findings.append(finding)
        self._emit(FindingRaised(finding=finding))

    @property
    def offered(self) -> bool:
        """Whether a job has offered a file to an index."""
        return bool(self._offering)

    def looked_up(self, job_id: str) -> Collection[Page]:
        """The projects whose pages a job asked an index for, where it offered that no file."""
        return () if job_id in self._offering else frozenset(self._pages.get(job_id, ()))

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
        absent = _NO_MODULE.search(finding.message) if finding.code == "install-failed" else None
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
                return self._exchanged(event)
            case StepLine():
                self._lines.setdefault((event.job_id, event.number), deque(maxlen=_REMEMBERED)).append(event.line)
                if self._findings and is_predicted(event.line, self._findings):
                    self._predicted.add(event.job_id)
            case TwinRequest() if asked_in_vain(event):
                self._refuse(event.job_id, _wrong_address(event, self._place(event.job_id)))
            case FileUploaded() if event.status >= 400:
                self._refused_upload(event)
            case FaultInjected():
                self._faults[event.job_id] = event
            case StepFinished():
                return self._ended_step(event)
            case JobFinished(conclusion=Conclusion.CANCELLED) if event.reason and _TOO_LONG in event.reason:
                return self._late_job(event.job_id, event.reason)
            case JobFinished(conclusion=Conclusion.CANCELLED) if _BY_GROUP.search(event.reason or ""):
                return _cancelled_by_group(event.job_id, event.reason or "")
            case _:
                pass
        return None

    def _refused_upload(self, event: FileUploaded) -> None:
        """What a finding about the built files has predicted is told already."""
        if is_predicted(event.message, self._findings):
            self._predicted.add(event.job_id)
        else:
            self._refuse(event.job_id, _refused_upload(event, self._cause(event)))

    def _exchanged(self, event: TokenExchanged) -> Finding | None:
        """A refusal becomes a finding when its step ends, by how that ended."""
        place = self._place(event.job_id)
        if event.ok:
            return _colliding_publishers(event, place)
        self._refuse(event.job_id, _refused_exchange(event, place))
        return None

    def _refuse(self, job_id: str, finding: Finding) -> None:
        """Keep the first refusal of a job until its step ends."""
        self._refusals.setdefault(job_id, replace(finding, hint=with_locations(finding.hint, self._locations)))

    def _cause(self, event: FileUploaded) -> Span | str:
        """Where the cause of a refusal is, as far as its words tell; else the step."""
        return self.span_of_words(event.message) or self._place(event.job_id)

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
            return _refusal_without_failure(refusal) if refusal else None
        if event.job_id in self._explained:
            return None
        self._explained.add(event.job_id)
        if predicted and refusal is None:
            return None
        return refusal or (self._step_of_fault(event, fault) if fault else self._failed_step(event))

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
            message=f"{said.message} (with the injected fault {fault.fault}: {fault.what})",
            hint="So the release would end, too. When the service works again, re-run the failed job: a drill "
            "rehearses that.",
            remedies=(remedy(Act.DRILL),),
        )

    def _failed_step(self, event: StepFinished) -> Finding:
        key = event.job_id, event.number
        step = self._steps.get(key)
        name, span = (step.name, step.span) if step else ("a step", None)
        errors = [text for text in self._errors.get(key, []) if not text.startswith("Process completed with")]
        text = errors[0] if errors else ""
        where = span or f"job {event.job_id}, step {event.number}"
        known, told = self._known(key, text)
        if known is not None:
            return Finding(
                code=known.code,
                severity=Severity.ERROR,
                message=f"{name} (job {event.job_id}): {known.says or _first_line(told)}",
                where=where,
                would_show=None if known.here else told,
                hint=with_locations(known.hint, self._locations),
                remedies=known.remedies,
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

    def _known(self, key: StepKey, error: str) -> tuple[Explanation | None, str]:
        """What explains a failed step, in its error or else in its log, and that text."""
        for text in (error, *_sentences(self._lines.pop(key, ()))):
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
    for line in (_COLOUR.sub("", line) for line in lines):
        if line[:1] == " ":
            text = f"{text.rstrip()} {line.strip()}"
            continue
        yield text
        text = line
    yield text


def _cancelled_by_group(job_id: str, reason: str) -> Finding:
    hint = "Let one request at a time ask for the group, or give them groups of their own."
    if "deadlock" in reason:
        hint = (
            "Name another group where it is asked for inside: a called workflow sees its caller's `github.workflow`, "
            "so a group that is made of it is the caller's."
        )
    return Finding(
        code="concurrency",
        severity=Severity.ERROR,
        message=f"Job {job_id} was cancelled by a concurrency group: {reason}",
        where=f"job {job_id}",
        would_show=reason,
        hint=hint,
    )


def _refusal_without_failure(refusal: Finding) -> Finding:
    return replace(
        refusal,
        severity=Severity.NOTICE,
        message=f"{refusal.message} (the step went on)",
        hint="Nothing to do if that was meant, as with skip-existing or continue-on-error.",
        remedies=(),
    )


def _refused_exchange(event: TokenExchanged, where: Span | str) -> Finding:
    hint, remedies = _after_refused_exchange(event)
    return Finding(
        code="publisher-mismatch" if _NO_PUBLISHER in (event.error or "") else "exchange-refused",
        severity=Severity.ERROR,
        message=f"{TITLES[event.index]} refused job {event.job_id} an upload token: {event.error}",
        where=where,
        would_show=event.error,
        hint=hint,
        remedies=remedies,
    )


def _after_refused_exchange(event: TokenExchanged) -> tuple[str, tuple[Remedy, ...]]:
    """What is to be done, in words and as remedies."""
    known = explain(EXCHANGES, event.error or "")
    if known:
        return known.hint, known.remedies
    differs = "; ".join(
        f"{check.claim} is {check.value or 'missing'}, the publisher says {check.expected or 'nothing'}"
        for check in event.claims
        if not check.ok
    )
    if differs:
        return f"Make the workflow and the registered publisher agree: {differs}.", ()
    if event.claims and _NO_PUBLISHER in (event.error or ""):
        hint = (
            "The claims fit that publisher, so it is not in force: a pending one expires 30 days after it was "
            "registered. Register it again, with the new day in its `registered`."
        )
        return hint, ()
    hint = (
        f"Register a trusted publisher at {TITLES[event.index]} for this repository, workflow file and environment, "
        "and declare it to pysim, which explains the job's token with the values for the form."
    )
    return hint, (remedy(Act.ADD_PUBLISHER, index=_not_pypi(event.index)), remedy(Act.EXPLAIN_TOKENS))


def _not_pypi(index: str) -> IndexName | None:
    return "testpypi" if index == "testpypi" else None


def _colliding_publishers(event: TokenExchanged, where: Span | str) -> Finding | None:
    """New projects whose pending publishers would have the same values: the index registers one of them."""
    new = [form.project for form in event.forms if form.pending]
    if len(new) < 2:
        return None
    title = TITLES[event.index]
    return Finding(
        code="pending-publishers",
        severity=Severity.WARNING,
        message=f"Job {event.job_id} publishes {', '.join(new)}, which are new on {title} as far as pysim knows, and "
        "one pending publisher alone can be registered for it",
        where=where,
        would_show=f"The form would refuse the second one, and {title} the files of {', '.join(new[1:])}.",
        hint="Give each new project a workflow or an environment of its own; import those that are there already.",
        remedies=(remedy(Act.IMPORT_PROJECT, index=_not_pypi(event.index)),),
    )


def _wrong_address(event: TwinRequest, where: Span | str) -> Finding:
    asked = f"https://{event.host}{event.path}"
    return Finding(
        code="index-address",
        severity=Severity.ERROR,
        message=f"Job {event.job_id} asked {asked}, {wrong_address(asked) or 'where no upload is taken'}",
        where=where,
        hint=f"Publish to {right_address(event.host)}",
    )


def _refused_upload(event: FileUploaded, where: Span | str) -> Finding:
    if event.index not in TITLES:
        return Finding(
            code="upload-refused",
            severity=Severity.ERROR,
            message=f"Job {event.job_id} was refused by the stand-in for {event.index} with {event.status}: "
            f"{event.message}",
            where=where,
            would_show=f"{event.status} {event.message}",
            hint="Hand the step a user and a password, or a token, of that index: it has none, or an empty one.",
        )
    known = explain_upload(event.message)
    return Finding(
        code="upload-refused",
        severity=Severity.ERROR,
        message=f"{TITLES[event.index]} refused {event.filename} with {event.status}: {event.message}",
        where=where,
        would_show=f"{event.status} {event.message}",
        hint=known.hint,
        remedies=known.remedies,
    )


def _first_line(text: str) -> str:
    """The first line of a message, with the next one where that is only its heading."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]) if lines else ""

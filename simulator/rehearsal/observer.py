"""Findings from what happened: failed steps, refused exchanges and uploads, read from the run events as they pass.

One cause gives one finding: what an index refused explains the step that failed by it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.run_events import (
    Annotation,
    Conclusion,
    EventSink,
    FileUploaded,
    FindingRaised,
    RunEvent,
    StepFinished,
    StepStarted,
    TokenExchanged,
)

StepKey = tuple[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownFailure:
    """A failure that can be told by its words, and what mends it."""

    words: str
    code: str
    hint: str


KNOWN_FAILURES: Final = (
    KnownFailure(
        words="ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset",
        code="id-token-permission",
        hint="Give the job `permissions: id-token: write`; a job's permissions replace the workflow's.",
    ),
    KnownFailure(
        words="Artifact not found for name",
        code="artifact-not-found",
        hint="Use one `name:` in upload-artifact and download-artifact, and let the job `needs:` the uploading one.",
    ),
    KnownFailure(
        words="No files were found with the provided path",
        code="artifact-empty",
        hint="Check `path:` of upload-artifact against the folder that the build writes to.",
    ),
    KnownFailure(
        words="was not found for",
        code="python-not-found",
        hint="Ask for a version that is there, install the one that is asked for, or use the docker engine.",
    ),
    KnownFailure(
        words="Cannot find file (or expand pattern)",
        code="nothing-to-upload",
        hint="Check that download-artifact puts the files into the folder that `packages-dir` names.",
    ),
)


class Observer:
    """An event sink that passes every event on and raises findings of its own behind them."""

    def __init__(self, emit: EventSink) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._names: dict[StepKey, tuple[str, Span | None]] = {}
        self._errors: dict[StepKey, list[str]] = {}
        self._explained: set[str] = set()
        self._findings: list[Finding] = []

    def __call__(self, event: RunEvent) -> None:
        """Pass an event on, then what it means."""
        self._emit(event)
        with self._lock:
            finding = self._judge(event)
        if finding is not None:
            self.raise_finding(finding)
        elif isinstance(event, FindingRaised):
            with self._lock:
                self._findings.append(event.finding)

    def raise_finding(self, finding: Finding) -> None:
        """Report a finding."""
        with self._lock:
            self._findings.append(finding)
        self._emit(FindingRaised(finding=finding))

    @property
    def findings(self) -> Sequence[Finding]:
        """All findings so far."""
        with self._lock:
            return tuple(self._findings)

    def _judge(self, event: RunEvent) -> Finding | None:
        match event:
            case StepStarted():
                self._names[event.job_id, event.number] = event.name, event.span
            case Annotation(level="error"):
                self._errors.setdefault((event.job_id, event.number), []).append(event.message)
            case TokenExchanged(ok=False):
                self._explained.add(event.job_id)
                return _refused_exchange(event)
            case FileUploaded() if event.status >= 400:
                self._explained.add(event.job_id)
                return _refused_upload(event)
            case StepFinished(conclusion=Conclusion.FAILURE) if event.job_id not in self._explained:
                self._explained.add(event.job_id)
                return self._failed_step(event)
            case _:
                pass
        return None

    def _failed_step(self, event: StepFinished) -> Finding:
        key = event.job_id, event.number
        name, span = self._names.get(key, ("a step", None))
        errors = [text for text in self._errors.get(key, []) if not text.startswith("Process completed with")]
        text = errors[0] if errors else ""
        where = span or f"job {event.job_id}, step {event.number}"
        for known in KNOWN_FAILURES:
            if known.words in text:
                return Finding(
                    code=known.code,
                    severity=Severity.ERROR,
                    message=f"{name} (job {event.job_id}): {_first_line(text)}",
                    where=where,
                    would_show=text,
                    hint=known.hint,
                )
        said = f": {_first_line(text)}" if text else ""
        code = f" with exit code {event.exit_code}" if event.exit_code else ""
        return Finding(
            code="step-failed",
            severity=Severity.ERROR,
            message=f"{name} (job {event.job_id}) failed{code}{said}",
            where=where,
            would_show=text or None,
            hint="Its last lines are above and its whole log is in the run folder; mend what it complains of.",
        )


def _refused_exchange(event: TokenExchanged) -> Finding:
    wrong = [check for check in event.claims if not check.ok]
    differs = "; ".join(f"{check.claim} is {check.value}, the publisher says {check.expected}" for check in wrong)
    return Finding(
        code="publisher-mismatch",
        severity=Severity.ERROR,
        message=f"{event.index} refused the token exchange of job {event.job_id}: {event.error}",
        where=f"job {event.job_id}",
        would_show=event.error,
        hint=f"Make the workflow and the registered publisher agree: {differs}."
        if differs
        else "Register a trusted publisher for this repository, workflow file and environment.",
    )


def _refused_upload(event: FileUploaded) -> Finding:
    return Finding(
        code="upload-refused",
        severity=Severity.ERROR,
        message=f"{event.index} refused {event.filename} with {event.status}: {event.message}",
        where=f"job {event.job_id}",
        would_show=f"{event.status} {event.message}",
        hint="Raise the version: an index never takes other bytes under a file name it has seen."
        if "already exists" in event.message
        else "Mend what the index names, in the package's metadata or in the workflow, and rehearse again.",
    )


def _first_line(text: str) -> str:
    """The first line of a message, with the next one where that is only its heading."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]) if lines else ""

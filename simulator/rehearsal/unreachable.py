"""Whether a step failed for a host that this machine could not reach: its own last words tell, or the moment does.

A step may fail for something else while a host that it can do without was out of reach: then nothing is said of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.remedies import Act, remedy
from simulator.run_events import RunEvent, StepStarted, TwinRequest

_OUTSIDE: Final = "outside"
_REFUSED: Final = "refused"
_EXIT: Final = "Process completed with exit code"
_LAST_LINES: Final = 10
_LAST_SECONDS: Final = 5.0
_PROJECT: Final = re.compile(r"/simple/([^/]+)/?")
_ERROR: Final = re.compile(
    r"\b(?:error|errors|failed|failure|fatal|exception|panic|cannot|could not|unable)\b|Error\b", re.I
)
# What tox, make, Sphinx and others say of a program that has said why it failed.
_OF_RUNNER: Final = re.compile(
    r"\bexit(?:ed)?\b.*\d|\bcode[ =]\d|evaluation failed|non-zero exit|\*\*\* \[|\bError \d+$|treated as errors", re.I
)
_NETWORK: Final = re.compile(
    r"\b(?:connect\w*|resolve|resolution|network|ssl\w*|tls|unreachable|timed out|getaddrinfo|retries|proxy|502|EOF)\b",
    re.I,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreached:
    """A host that a request did not get to, and `word`, which the step says that wanted it: the host, or a project."""

    host: str
    word: str
    at: float  # of the monotonic clock


class Unreachable:
    """What a job's current step could not reach."""

    def __init__(self, *, offline: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._offline, self._clock = offline, clock
        self._jobs: dict[str, dict[str, Unreached]] = {}

    def hear(self, event: RunEvent) -> None:
        """Take an event in; what the step before could not reach is forgotten."""
        if isinstance(event, StepStarted):
            self._jobs.pop(event.job_id, None)
        elif isinstance(event, TwinRequest):
            self._note(event)

    def _note(self, request: TwinRequest) -> None:
        """A host that is reached after all is one no more."""
        word = self._word(request)
        unreached = self._jobs.setdefault(request.job_id, {})
        if word is not None:
            unreached[word] = Unreached(host=request.host, word=word, at=self._clock())
        elif request.status < 400:
            unreached.pop(request.host, None)

    def _word(self, request: TwinRequest) -> str | None:
        """What the step will say that wanted it; None for a request that was answered, or refused for its place."""
        if not request.host:
            return None
        if request.status == 502 and (request.twin == _OUTSIDE or self._offline):
            return request.host
        if self._offline and request.twin == _REFUSED and request.status == 403:
            return request.host
        project = _PROJECT.fullmatch(request.path)
        return project[1] if self._offline and request.status == 404 and project else None

    def explains(self, job_id: str, lines: Iterable[str]) -> Unreached | None:
        """What a step that failed so could not do without; None where its end has another reason, or an unknown one.

        Its last words that complain name it, or they speak of a connection and it failed in the last seconds; where
        none complain, nothing tells that it was something else.
        """
        unreached = list(self._jobs.get(job_id, {}).values())
        if not unreached:
            return None
        last = [line for line in lines if line.strip() and _EXIT not in line][-_LAST_LINES:]
        complaints = [line for line in last if _ERROR.search(line) and not _OF_RUNNER.search(line)]
        said = complaints[-1] if complaints else "\n".join(last)
        named = next((each for each in unreached if _names(said, each.word)), None)
        if named or not complaints:
            return named or unreached[-1]
        late = [each for each in unreached if self._clock() - each.at < _LAST_SECONDS]
        return late[-1] if late and _NETWORK.search(complaints[-1]) else None

    def finding(self, step: str, job_id: str, found: Unreached, where: Span | str) -> Finding:
        """What is said of the step."""
        project = f" for {found.word}" if found.word != found.host else ""
        if self._offline:
            reach, hint = (
                "which is not reached offline",
                "Rehearse it online; or see to the step yourself and accept it.",
            )
        else:
            reach = "which this machine cannot reach"
            hint = (
                f"Look whether {found.host} is spelt as meant, and whether this machine's network lets it be reached. "
                "Whether GitHub's runners reach it, see to yourself; then accept that the step was not rehearsed."
            )
        accept = remedy(Act.ACCEPT_FINDING, f"host-unreachable: {found.host}")
        return Finding(
            code="host-unreachable",
            severity=Severity.WARNING,
            message=f"{step} (job {job_id}) wanted {found.host}{project}, {reach}",
            where=where,
            hint=hint,
            remedies=(remedy(Act.GO_ONLINE), accept) if self._offline else (accept,),
            unrehearsed=(job_id,),
        )


def _names(line: str, word: str) -> bool:
    """Whether a line names a host or a project, whose dots, dashes and underscores are one."""
    parts: Sequence[str] = re.split(r"[-_.]+", word)
    return re.search(rf"(?<![\w-]){'[-_.]+'.join(map(re.escape, parts))}(?![\w-])", line, re.IGNORECASE) is not None

"""The sections of a report that say what went wrong, and what was not rehearsed, each as lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rich.text import Text

from simulator.findings import Finding, Severity
from simulator.paths import RunFolder
from simulator.report.annotations import annotation_place, by_level
from simulator.report.complaints import EXIT_CODE, LONGEST, complaint_lines
from simulator.report.layout import LABEL, Line, line, lines
from simulator.report.related import cause_and_rest, not_rehearsed
from simulator.report.state import JobState, RunState, StepState
from simulator.report.step_summaries import summary_lines
from simulator.report.words import duration, place, plural
from simulator.run_events import Annotation

if TYPE_CHECKING:
    from rich.console import Console

_SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTICE: "cyan",
}
_MOST_ANNOTATIONS: Final = 10
_LONGEST_SOURCE: Final = 160
_MOST_OF_STEP: Final = 5  # annotations
_MOST_SUMMARY_LINES: Final = 10
_LEVEL: Final = len("warning") + 2
_NARROWEST_SUMMARY: Final = 20


def annotated(state: RunState, *, least: Severity = Severity.NOTICE) -> list[Line]:
    """By level, each at its place, with the line of the commit; none that stands with its failed step.

    Lesser ones than `least` are left out.
    """
    failed = {(job.id, step.number) for job, step in state.failed_steps()}
    levels = list(Severity)[: list(Severity).index(least) + 1]
    rest = [a for a in by_level(state.annotations) if a.level in levels and (a.job_id, a.number) not in failed]
    quoted = [row for note in rest[:_MOST_ANNOTATIONS] for row in _annotation(note)]
    more = len(rest) - _MOST_ANNOTATIONS
    return [*quoted, *([line(f"and {more} more, in the record")] if more > 0 else [])]


def _annotation(note: Annotation, indent: int = 0) -> list[Line]:
    where = annotation_place(note) or note.job_id
    shown = [line(" " * indent, _level(note), "  ", (where, "bold"), f"  {_words_of(note)}", hang=indent + _LEVEL)]
    return [*shown, *_quoted(note.source, indent + _LEVEL)]


def _quoted(source: str | None, indent: int) -> list[Line]:
    """The line that something is about."""
    text = (source or "").strip()
    return [line((" " * indent + "| ", "dim"), text[:_LONGEST_SOURCE], hang=indent + 2)] if text else []


def _level(note: Annotation) -> tuple[str, str]:
    return f"{note.level:{_LEVEL - 2}}", _SEVERITIES[Severity(note.level)]


def _words_of(note: Annotation) -> str:
    message = note.message.strip().split("\n")[0]
    return f"{f'{note.title}: ' if note.title else ''}{message}{f' ({note.job_id})' if note.file else ''}"


def summaries(state: RunState, folder: RunFolder | None, console: Console) -> list[Line]:
    """What steps wrote for the page of the run: first lines, and where the rest is. Failed ones show their logs."""
    shown: list[Line] = []
    failed = {(job.id, step.number) for job, step in state.failed_steps()}
    for written in state.summaries:
        job = state.jobs.get(written.job_id)
        step = job.steps.get(written.number) if job else None
        name = step.name if step else f"step {written.number}"
        width = max(console.width - LABEL - 4, _NARROWEST_SUMMARY)
        text = [] if (written.job_id, written.number) in failed else summary_lines(written.markdown, console, width)
        if not text:
            continue
        shown.append(line((f"{job.name if job else written.job_id} / {name}", "bold")))
        shown += [Line(text=Text.assemble(("  | ", "dim"), row), hang=4) for row in text[:_MOST_SUMMARY_LINES]]
        if folder and len(text) > _MOST_SUMMARY_LINES:
            path = folder.step_summary(written.job_id, written.number, name)
            shown.append(line(("  all of it: ", "dim"), str(path), whole=True))
    return shown


def failed(state: RunState, folder: RunFolder | None, count: int) -> list[Line]:
    """The steps that failed their job: what they annotated, then at most `count` lines around their complaint."""
    return [row for job, step in state.failed_steps() for row in _failed_step(state, job, step, folder, count)]


def _failed_step(state: RunState, job: JobState, step: StepState, folder: RunFolder | None, count: int) -> list[Line]:
    code = f"exit code {step.exit_code}, " if step.exit_code is not None else ""
    where = f", {place(step.span)}" if step.span and not job.own else ""
    shown = [line((f"{job.name} / {step.name}", "bold red"), f" ({code}{duration(step.seconds)}{where})", hang=2)]
    command = step.command or ""
    if command.strip() and command.strip() != step.name:
        shown.append(line(("  ran: ", "dim"), command.removeprefix("Run ")[:LONGEST], hang=4))
    notes = [note for note in by_level(state.annotations) if (note.job_id, note.number) == (job.id, step.number)]
    notes = [note for note in notes if note.level == "error" and not EXIT_CODE.fullmatch(note.message)]
    for note in notes[:_MOST_OF_STEP]:
        shown += _annotation(note, 2)
    shown += [line(("  | ", "dim"), text, hang=4) for text in complaint_lines(step, count, {n.message for n in notes})]
    if folder:
        shown.append(line(("  whole log: ", "dim"), str(folder.log(job.id, step.number, step.name)), whole=True))
    return shown


def notes(state: RunState) -> list[Line]:
    shown = []
    for notice in dict.fromkeys(state.notices):
        shown += lines(notice.message)
        shown += lines(notice.hint, indent=2, style="dim") if notice.hint else []
    return shown


def not_run(state: RunState) -> list[Line]:
    shown: list[Line] = []
    for finding in not_rehearsed(state):
        jobs = plural(len(finding.unrehearsed), "job") if len(finding.unrehearsed) > 1 else finding.unrehearsed[0]
        where = f"  {place(finding.where)}" if finding.where else ""
        shown.append(line((jobs, "yellow"), f"  [{finding.code}]{where}", hang=2))
        shown += lines(finding.message, indent=2)
        shown += lines(f"Accepted: {finding.accepted}." if finding.accepted else finding.hint, indent=2)
    return shown


def findings(state: RunState) -> list[Line]:
    """What was found beside the cause."""
    found, rest = cause_and_rest(state)
    logs = _logs(state)
    return [row for finding in rest for row in _finding(finding, logs)] or ([] if found else [line("none")])


def _finding(finding: Finding, logs: str) -> list[Line]:
    where = f"  {place(finding.where)}" if finding.where else ""
    shown = [line((finding.severity.value, _SEVERITIES[finding.severity]), f"  [{finding.code}]{where}", hang=2)]
    shown += [*_quoted(finding.source, 2), *lines(finding.message, indent=2)]
    return [*shown, *_would_show(finding, logs), *lines(finding.hint, indent=2, lead="Fix: ")]


def _would_show(finding: Finding, logs: str) -> list[Line]:
    """What the release would have shown, unless the message or the log of a failed step, shown above, says it."""
    text = (finding.would_show or "").strip()
    if not text or _words(text) in _words(finding.message) or _words(text) in logs:
        return []
    if "\n" not in text:
        return lines(text, indent=2, lead="The release would have shown: ")
    quoted = [line(("  | ", "dim"), row, hang=4) for row in text.split("\n")]
    return [line(("  The release would have shown:", "bold")), *quoted]


def cause(state: RunState) -> list[Line]:
    """What a no-go comes from: the first error, with its line."""
    found, _ = cause_and_rest(state)
    return _finding(found, _logs(state)) if found else []


def _logs(state: RunState) -> str:
    """The words of what is shown of the failed steps' logs."""
    return _words("\n".join(said.line for _, step in state.failed_steps() for said in step.lines))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))

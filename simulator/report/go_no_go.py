"""The go / no-go report, made from the state of a run alone.

Readable without colour, and on one screen when all is well.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.text import Text

from simulator.findings import Finding, Severity
from simulator.paths import RunFolder
from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.report.annotations import annotation_place, by_level
from simulator.report.forms import crowded, form_values, form_words
from simulator.report.github import net_changes, ref_words, release_words
from simulator.report.layout import LABEL, Line, columns, line, lines, section
from simulator.report.related import in_reading_order, not_rehearsed
from simulator.report.state import LAST_LINES, JobState, RunState, StepState
from simulator.report.step_summaries import summary_lines
from simulator.report.words import (
    MARKS,
    VERDICTS,
    by_source,
    cache_words,
    commit,
    duration,
    fault_words,
    index_name,
    last_lines,
    local_index,
    place,
    plural,
    size,
    stands_in,
    trigger,
)
from simulator.run_events import (
    Annotation,
    Conclusion,
    FileUploaded,
    Installed,
    TokenExchanged,
    Verdict,
    WorkflowConsidered,
)

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Final[Mapping[Conclusion, str]] = {
    Conclusion.SUCCESS: "green",
    Conclusion.FAILURE: "bold red",
    Conclusion.CANCELLED: "yellow",
    Conclusion.SKIPPED: "dim",
}
_SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTICE: "cyan",
}
_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.GO: "bold green",
    Verdict.NO_GO: "bold red",
    Verdict.NOT_REHEARSED: "bold yellow",
    Verdict.NOTHING_PUBLISHED: "bold yellow",
    Verdict.PAUSED: "bold yellow",
}
_NONE: Final = ("", "MISSING")  # how the indexes say that a token has no such claim
_WAITS: Final = ("wait", "yellow")  # the mark of a job that only a review keeps out
_ANY: Final = "Any"  # and that a publisher takes every value
_MOST_ANNOTATIONS: Final = 10
_LONGEST_SOURCE: Final = 160
_MOST_SUMMARY_LINES: Final = 10
_LEVEL: Final = len("warning") + 2
_NARROWEST_SUMMARY: Final = 20
_MOST_HOSTS: Final = 5
_MOST_FILES: Final = 8
_MOST_ALIKE: Final = 3  # jobs that did not run, for one reason
_MOST_IDLE: Final = 5  # workflows that do not start, beside one that does


def report(
    state: RunState, console: Console, *, folder: RunFolder | None = None, log_lines: int = LAST_LINES
) -> list[Text]:
    """The report's lines, wrapped to the console's width.

    `folder` is where the record of the run is now, None where it is where the run made it; `log_lines` is how much of
    a failed step's log is shown.
    """
    folder = _as_named(folder or _made_in(state))
    sections: tuple[tuple[str, Sequence[Line]], ...] = (
        ("Trigger", _trigger(state)),
        ("Settings", _settings(state)),
        ("Engine", _engine(state)),
        ("Actions", _actions(state)),
        ("Faults", _faults(state)),
        ("Jobs", _jobs(state)),
        ("Artifacts", _artifacts(state)),
        ("Caches", _caches(state)),
        ("Environment", _gates(state)),
        ("Publisher", _exchanges(state)),
        ("Published", _published(state, console.width - LABEL)),
        ("Installed", _installs(state)),
        ("On GitHub", _github(state)),
        ("Outside", _outside(state)),
        ("Annotations", _annotations(state)),
        ("Summaries", _summaries(state, folder, console)),
        ("Failed", _failed(state, folder, log_lines)),
        ("Notes", _notes(state)),
        ("Not run", _not_rehearsed(state)),
        ("Findings", _findings(state)),
        ("Record", _record(state, folder) if folder else []),
    )
    body = [text for label, content in sections for text in section(label, content, console)]
    return [line().text, *body, line().text, *_verdict(state, console)]


def _made_in(state: RunState) -> RunFolder | None:
    return RunFolder(Path(state.started.record)) if state.started and state.started.record else None


def _as_named(folder: RunFolder | None) -> RunFolder | None:
    """A folder as the user would name it from where he is."""
    here = Path.cwd()
    return RunFolder(folder.path.relative_to(here)) if folder and folder.path.is_relative_to(here) else folder


def _mark(ok: bool) -> tuple[str, str]:  # noqa: FBT001 - what it marks is the only thing it needs to know
    return styled_mark(Conclusion.SUCCESS if ok else Conclusion.FAILURE)


def styled_mark(conclusion: Conclusion) -> tuple[str, str]:
    """The mark of how something ended, and its style."""
    return MARKS[conclusion], STYLES[conclusion]


def _trigger(state: RunState) -> list[Line]:
    heading = []
    if started := state.started:
        heading = [line((trigger(started), "bold"), f" in {started.repository}, {commit(started)}")]
    running = [w for w in state.workflows if w.starts]
    idle = [w for w in state.workflows if not w.starts]
    shown = idle[:_MOST_IDLE] if running else idle
    rows = columns((_considered(w), w.path, w.reason) for w in (*running, *shown))
    more = len(idle) - len(shown)
    return [*heading, *rows, *([line(f"not started  {plural(more, 'more workflow')}")] if more else [])]


def _considered(workflow: WorkflowConsidered) -> tuple[str, str]:
    if workflow.rehearsed:
        return "rehearsed", "green"
    return ("starts, left out", "yellow") if workflow.starts else ("not started", "dim")


def _settings(state: RunState) -> list[Line]:
    """A line for each file, or other source, that something was taken from."""
    return columns((source, ", ".join(names)) for source, names in by_source(state.settings).items())


def _engine(state: RunState) -> list[Line]:
    if state.engine is None:
        return []
    return [line((state.engine.engine, "bold"), f": {state.engine.reason}; image {state.engine.image}")]


def _actions(state: RunState) -> list[Line]:
    """Where every action is pysim's own there is nothing to tell apart."""
    if all(action.builtin for action in state.actions):
        return []
    return columns((action.uses, stands_in(action)) for action in state.actions)


def _faults(state: RunState) -> list[Line]:
    """What was made to fail: such a run says of a release only whether it would survive that."""
    return columns(((fault, "bold"), fault_words(fired)) for fault, fired in state.faults.items())


def _jobs(state: RunState) -> list[Line]:
    """The jobs; of many that did not run for the same reason, one after the other, the first."""
    rows: list[tuple[tuple[str, str], str, str, str]] = []
    for _, group in itertools.groupby(state.jobs.values(), _fate):
        jobs = list(group)
        mark, name, time, words = _job(jobs[0])
        if len(jobs) > _MOST_ALIKE:
            rows.append((mark, f"{name} and {len(jobs) - 1} more", time, words))
        else:
            rows += map(_job, jobs)
    return columns(rows)


def _fate(job: JobState) -> tuple[object, ...]:
    return (job.conclusion, job.reason) if job.started_at is None else (job.id,)


def _job(job: JobState) -> tuple[tuple[str, str], str, str, str]:
    outcome = job.conclusion or (Conclusion.SKIPPED if job.started_at is None else Conclusion.CANCELLED)
    ran = [step for step in job.steps.values() if step.conclusion is not Conclusion.SKIPPED]
    time = duration(job.seconds) if job.started_at is not None else ""
    forgiven = sum(step.outcome is Conclusion.FAILURE and step.conclusion is Conclusion.SUCCESS for step in ran)
    words = [plural(len(ran), "step")] if ran else []
    words += [f"{forgiven} failed, allowed by continue-on-error"] if forgiven else []
    words += [job.reason] if job.reason else [] if job.conclusion or ran else ["not started"]
    return styled_mark(outcome), job.name, time, ", ".join(words)


def _artifacts(state: RunState) -> list[Line]:
    shown: list[Line] = []
    for artifact in state.artifacts:
        files = list(artifact.files[:_MOST_FILES])
        more = len(artifact.files) - len(files)
        names = ", ".join([*files, *([f"{more} more"] if more else [])])
        shown.append(line((artifact.name, "bold"), f" ({size(artifact.size)}): {names or 'no file'}", hang=2))
    return shown


def _caches(state: RunState) -> list[Line]:
    """What jobs got and saved. An earlier rehearsal's entry of a tag is one that a release does not find."""
    shown: list[Line] = []
    for cache in dict.fromkeys(state.caches):
        text = cache_words(cache)
        if (
            cache.outcome == "hit"
            and cache.scope.startswith("refs/tags/")
            and state.started
            and cache.run_id != state.started.run_id
        ):
            text += ", saved by an earlier rehearsal; at GitHub a new tag has no cache of its own"
        shown.append(line(f"{cache.job_id}: {text}", hang=2))
    return shown


def _gates(state: RunState) -> list[Line]:
    urls = {job.id: job.environment_url for job in state.jobs.values()}
    rows = []
    for gate in state.gates:
        page = urls.get(gate.job_id) or gate.url
        mark = _WAITS if gate.paused else _mark(gate.allowed)
        rows.append((mark, gate.environment, f"{gate.reason}{f'; {page}' if page else ''}"))
    return columns(rows)


def _exchanges(state: RunState) -> list[Line]:
    return [row for exchange in dict.fromkeys(state.exchanges) for row in _exchange(exchange)]


def _exchange(exchange: TokenExchanged) -> list[Line]:
    index = index_name(exchange.index)
    if exchange.ok:
        kind = "declared" if exchange.declared else "assumed"
        words = f"{index} gives {exchange.job_id} an upload token, as publisher {exchange.publisher} ({kind})"
        shown = [line(_mark(exchange.ok), "  ", words, hang=4)]
    else:
        shown = [line(_mark(exchange.ok), f"  {index} refuses {exchange.job_id} an upload token:", hang=6)]
        shown += lines(exchange.error or "no reason given", indent=6, style="red")
    for check, row in zip(exchange.claims, _claims(exchange.claims), strict=True):
        shown += [row, *_difference(check)]
    shown += [row for form in exchange.forms for row in _form(exchange.index, form)]
    problem = crowded(exchange.index, exchange.forms)
    return [*shown, line("  ", (problem, "yellow"), hang=4)] if problem else shown


def _form(index: str, form: PublisherForm) -> list[Line]:
    if not form.pending and form.owner:
        return [line(f"  None is declared. {form_words(index, form)} ", form.page, hang=4, whole=True)]
    values = "; ".join(f"{label}: {value}" for label, value in form_values(form))
    return [
        line(f"  None is declared. {form_words(index, form)}", hang=4),
        line("    ", (values, "bold"), hang=4),
        line("    ", form.page, hang=4, whole=True),
    ]


def _claims(checks: Iterable[ClaimCheck]) -> list[Line]:
    return columns(
        ((_mark(c.ok), c.claim, _agreement(c)) if c.ok else (_mark(c.ok), c.claim) for c in checks), indent=2
    )


def _agreement(check: ClaimCheck) -> str:
    value = "none" if check.value in _NONE else check.value
    if check.expected == _ANY:
        return f"{value}, and the publisher takes any"
    same = check.expected in {"", check.value}
    return value if same else f"{value}, the publisher takes {check.expected}"


def _difference(check: ClaimCheck) -> list[Line]:
    if check.ok:
        return []
    rows = [("job", check.value or "missing"), ("publisher", check.expected or "empty")]
    return columns(rows, indent=6)


def _published(state: RunState, width: int) -> list[Line]:
    shown: list[Line] = []
    releases: dict[tuple[str, str, str], list[FileUploaded]] = {}
    for upload in state.published:
        releases.setdefault((upload.index, upload.project, upload.version), []).append(upload)
    for (index, project, version), files in releases.items():
        shown.append(line((f"{project} {version}", "bold"), f" on the {local_index(index)}"))
        rows = [(f.filename, size(f.size), *(["attested"] * f.attested), f"sha256 {f.sha256}") for f in files]
        table = columns(rows, indent=2)
        if all(len(row.text.plain) <= width for row in table):
            shown += table
            continue
        for file in files:
            said = ", ".join([file.filename, size(file.size), *(["attested"] * file.attested), "sha256"])
            shown += [line(f"  {said}"), line(f"  {file.sha256}", hang=2)]
    refused = (u for u in state.uploads if not 200 <= u.status < 300)
    for upload in refused:
        words = f"  {index_name(upload.index)} refuses {upload.filename}: {upload.status}"
        shown.append(line(styled_mark(Conclusion.FAILURE), words, hang=6))
        shown += lines(upload.message, indent=6, style="red")
    return shown


def _installs(state: RunState) -> list[Line]:
    several = len({install.index for install in state.installs}) > 1
    rows = [_install(install, several=several) for install in state.installs]
    details = [lines(i.detail, indent=6) if i.detail and not i.ok else [] for i in state.installs]
    return [row for first, rest in zip(columns(rows), details, strict=True) for row in (first, *rest)]


def _install(install: Installed, *, several: bool) -> tuple[tuple[str, str], str, str, str, str]:
    where = f" from {index_name(install.index)}" if several else ""
    what = f"{install.tool} install ({install.dist}){where}"
    said = install.detail.strip().split("\n")[0] if install.ok else ""
    return _mark(install.ok), what, f"{install.project} {install.version}", duration(install.seconds), said


def _github(state: RunState) -> list[Line]:
    """What the release would have changed on GitHub."""
    shown: list[Line] = []
    for release in state.releases:
        shown.append(line((release_words(release), "bold"), hang=2))
        shown += columns([(asset.name, size(asset.size), asset.digest) for asset in release.assets], indent=2)
    return [*shown, *(line(ref_words(change), hang=2) for change in net_changes(state.refs))]


def _outside(state: RunState) -> list[Line]:
    hosts = Counter({host: count for (twin, host), count in state.requests.items() if twin == "outside"})
    if not hosts:
        return []
    named = ", ".join(f"{host} ({count})" for host, count in hosts.most_common(_MOST_HOSTS))
    more = f" and {plural(len(hosts) - _MOST_HOSTS, 'other host')}" if len(hosts) > _MOST_HOSTS else ""
    return [line(f"{plural(hosts.total(), 'request')} of jobs to the real network: {named}{more}")]


def _annotations(state: RunState) -> list[Line]:
    """By level, each at its place, with the line of the commit; what the log of a failed step tells is not repeated."""
    failed = {(job.id, step.number) for job, step in state.failed_steps()}
    rest = [a for a in by_level(state.annotations) if a.file or (a.job_id, a.number) not in failed]
    shown = rest[:_MOST_ANNOTATIONS]
    quoted: list[Line] = []
    for note in shown:
        where = annotation_place(note) or note.job_id
        quoted.append(line(_level(note), "  ", (where, "bold"), f"  {_words_of(note)}", hang=_LEVEL))
        if note.source and note.source.strip():
            quoted.append(line((" " * _LEVEL + "| ", "dim"), note.source.strip()[:_LONGEST_SOURCE], hang=_LEVEL + 2))
    more = len(rest) - _MOST_ANNOTATIONS
    return [*quoted, *([line(f"and {more} more, in the record")] if more > 0 else [])]


def _level(note: Annotation) -> tuple[str, str]:
    return f"{note.level:{_LEVEL - 2}}", _SEVERITIES[Severity(note.level)]


def _words_of(note: Annotation) -> str:
    message = note.message.strip().split("\n")[0]
    return f"{f'{note.title}: ' if note.title else ''}{message}{f' ({note.job_id})' if note.file else ''}"


def _summaries(state: RunState, folder: RunFolder | None, console: Console) -> list[Line]:
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


def _failed(state: RunState, folder: RunFolder | None, count: int) -> list[Line]:
    return [row for job, step in state.failed_steps() for row in _failed_step(job, step, folder, count)]


def _failed_step(job: JobState, step: StepState, folder: RunFolder | None, count: int) -> list[Line]:
    code = f"exit code {step.exit_code}, " if step.exit_code is not None else ""
    where = f", {place(step.span)}" if step.span and not job.own else ""
    shown = [line((f"{job.name} / {step.name}", "bold red"), f" ({code}{duration(step.seconds)}{where})", hang=2)]
    shown += [line(("  | ", "dim"), text, hang=4) for text in last_lines(step.lines, count)]
    if folder:
        shown.append(line(("  whole log: ", "dim"), str(folder.log(job.id, step.number, step.name)), whole=True))
    return shown


def _notes(state: RunState) -> list[Line]:
    shown = []
    for notice in dict.fromkeys(state.notices):
        shown += lines(notice.message)
        shown += lines(notice.hint, indent=2, style="dim") if notice.hint else []
    return shown


def _not_rehearsed(state: RunState) -> list[Line]:
    shown: list[Line] = []
    for finding in not_rehearsed(state):
        jobs = plural(len(finding.unrehearsed), "job") if len(finding.unrehearsed) > 1 else finding.unrehearsed[0]
        where = f"  {place(finding.where)}" if finding.where else ""
        shown.append(line((jobs, "yellow"), f"  [{finding.code}]{where}", hang=2))
        shown += lines(finding.message, indent=2)
        shown += lines(f"Accepted: {finding.accepted}." if finding.accepted else finding.hint, indent=2)
    return shown


def _findings(state: RunState) -> list[Line]:
    if not in_reading_order(state):
        return [line("none")]
    logs = _words("\n".join(said.line for _, step in state.failed_steps() for said in step.lines))
    return [row for finding in in_reading_order(state) for row in _finding(finding, logs)]


def _finding(finding: Finding, logs: str) -> list[Line]:
    where = f"  {place(finding.where)}" if finding.where else ""
    shown = [line((finding.severity.value, _SEVERITIES[finding.severity]), f"  [{finding.code}]{where}", hang=2)]
    shown += lines(finding.message, indent=2)
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


def _record(state: RunState, folder: RunFolder) -> list[Line]:
    """A run that did not end left no page."""
    page = [line(f"{folder.page.name} in it is this report as a page")] if state.finished else []
    return [line(f"{folder.path}/"), *page]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))


def _verdict(state: RunState, console: Console) -> list[Text]:
    if state.finished is None:
        last = line(("NOT FINISHED", "bold yellow"), "  The run ended before its verdict.").text
    else:
        verdict = state.finished.verdict
        last = line((VERDICTS[verdict], _VERDICTS[verdict]), f"  {state.finished.reason}").text
    # A log keeps it on one line, where programs and people look for it.
    return list(last.wrap(console, console.width, overflow="fold")) if console.is_terminal else [last]

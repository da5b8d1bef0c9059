"""The sections of a report that say what a run did, each as lines. The order is the report's."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.report.forms import crowded, form_values, form_words
from simulator.report.github import net_changes, ref_words, release_words
from simulator.report.layout import Line, columns, line, lines
from simulator.report.state import JobState, RunState
from simulator.report.words import (
    MARKS,
    by_source,
    cache_words,
    commit,
    duration,
    fault_words,
    index_name,
    local_index,
    plural,
    size,
    stands_in,
)
from simulator.report.words import trigger as trigger_words
from simulator.run_events import Conclusion, FileUploaded, Installed, TokenExchanged, WorkflowConsidered

STYLES: Final[Mapping[Conclusion, str]] = {
    Conclusion.SUCCESS: "green",
    Conclusion.FAILURE: "bold red",
    Conclusion.CANCELLED: "yellow",
    Conclusion.SKIPPED: "dim",
}
_NONE: Final = ("", "MISSING")  # how the indexes say that a token has no such claim
_WAITS: Final = ("wait", "yellow")  # the mark of a job that only a review keeps out
_ANY: Final = "Any"  # and that a publisher takes every value
_MOST_HOSTS: Final = 5
_MOST_FILES: Final = 8
_DIGITS: Final = 12  # of a hash that is cut
_MOST_ALIKE: Final = 3  # jobs that did not run, for one reason
_MOST_IDLE: Final = 5  # workflows that do not start, beside one that does


def _mark(ok: bool) -> tuple[str, str]:  # noqa: FBT001 - what it marks is the only thing it needs to know
    return styled_mark(Conclusion.SUCCESS if ok else Conclusion.FAILURE)


def styled_mark(conclusion: Conclusion) -> tuple[str, str]:
    """The mark of how something ended, and its style."""
    return MARKS[conclusion], STYLES[conclusion]


def trigger(state: RunState) -> list[Line]:
    """What happened, and which workflows it starts; of those that it does not start, a few."""
    heading = []
    if started := state.started:
        heading = [line((trigger_words(started), "bold"), f" in {started.repository}, {commit(started)}")]
    running = [w for w in state.workflows if w.starts]
    idle = [w for w in state.workflows if not w.starts]
    shown = idle[:_MOST_IDLE] if running else idle
    rows = columns((_considered(w), w.path, w.reason) for w in (*running, *shown))
    more = len(idle) - len(shown)
    return [*heading, *rows, *([line(f"not started  {plural(more, 'more workflow')}")] if more else [])]


def rehearsed(state: RunState) -> list[Line]:
    """What happened, and the workflows that were rehearsed."""
    if state.started is None:
        return []
    paths = ", ".join(workflow.path for workflow in state.workflows if workflow.rehearsed)
    where = f" in {state.started.repository}, {commit(state.started)}{f': {paths}' if paths else ''}"
    return [line((trigger_words(state.started), "bold"), where, hang=2)]


def _considered(workflow: WorkflowConsidered) -> tuple[str, str]:
    if workflow.rehearsed:
        return "rehearsed", "green"
    return ("starts, left out", "yellow") if workflow.starts else ("not started", "dim")


def settings(state: RunState) -> list[Line]:
    """A line for each file, or other source, that something was taken from."""
    return columns((source, ", ".join(names)) for source, names in by_source(state.settings).items())


def engine(state: RunState) -> list[Line]:
    """Where the jobs ran."""
    if state.engine is None:
        return []
    return [line((state.engine.engine, "bold"), f": {state.engine.reason}; image {state.engine.image}")]


def actions(state: RunState) -> list[Line]:
    """Where every action is pysim's own there is nothing to tell apart."""
    if all(action.builtin for action in state.actions):
        return []
    return columns((action.uses, stands_in(action)) for action in state.actions)


def faults(state: RunState) -> list[Line]:
    """What was made to fail: such a run says of a release only whether it would survive that."""
    return columns(((fault, "bold"), fault_words(fired)) for fault, fired in state.faults.items())


def jobs(state: RunState) -> list[Line]:
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
    outcome = job.ended
    ran = [step for step in job.steps.values() if step.conclusion is not Conclusion.SKIPPED]
    time = duration(job.seconds) if job.started_at is not None else ""
    forgiven = sum(step.outcome is Conclusion.FAILURE and step.conclusion is Conclusion.SUCCESS for step in ran)
    words = [plural(len(ran), "step")] if ran else []
    words += [f"{forgiven} failed, allowed by continue-on-error"] if forgiven else []
    words += [job.reason] if job.reason else [] if job.conclusion or ran else ["not started"]
    return styled_mark(outcome), job.name, time, ", ".join(words)


def artifacts(state: RunState) -> list[Line]:
    """What jobs handed on."""
    shown: list[Line] = []
    for artifact in state.artifacts:
        files = list(artifact.files[:_MOST_FILES])
        more = len(artifact.files) - len(files)
        names = ", ".join([*files, *([f"{more} more"] if more else [])])
        stood = f", {plural(len(artifact.placeholders), 'placeholder')}" if artifact.placeholders else ""
        guess = f"; assumed: {artifact.assumed}" if artifact.assumed else ""
        said = f" ({size(artifact.size)}{stood}): {names or 'no file'}{guess}"
        shown.append(line((artifact.name, "bold"), said, hang=2))
    return shown


def caches(state: RunState) -> list[Line]:
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


def gates(state: RunState) -> list[Line]:
    """What the environments said to each job."""
    urls = {job.id: job.environment_url for job in state.jobs.values()}
    rows = []
    for gate in state.gates:
        page = urls.get(gate.job_id) or gate.url
        mark = _WAITS if gate.paused else _mark(gate.allowed)
        rows.append((mark, gate.environment, f"{gate.reason}{f'; {page}' if page else ''}"))
    return columns(rows)


def exchanges(state: RunState) -> list[Line]:
    """What the indexes said to the jobs' ID tokens, and what to register there."""
    return [row for exchange in dict.fromkeys(state.exchanges) for row in _exchange(exchange)]


def registrations(state: RunState) -> list[Line]:
    """The exchanges that were refused, and the publishers to register."""
    return [row for exchange in dict.fromkeys(state.exchanges) for row in _registration(exchange)]


def _registration(exchange: TokenExchanged) -> list[Line]:
    return _forms(exchange, 0) if exchange.ok else _exchange(exchange)


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
    return [*shown, *_forms(exchange, 2)]


def _forms(exchange: TokenExchanged, indent: int) -> list[Line]:
    shown = [row for form in exchange.forms for row in _form(exchange.index, form, " " * indent)]
    problem = crowded(exchange.index, exchange.forms)
    return [*shown, line(" " * indent, (problem, "yellow"), hang=indent + 2)] if problem else shown


def _form(index: str, form: PublisherForm, pad: str) -> list[Line]:
    hang = len(pad) + 2
    if not form.pending and form.owner:
        return [line(f"{pad}None is declared. {form_words(index, form)} ", form.page, hang=hang, whole=True)]
    values = "; ".join(f"{label}: {value}" for label, value in form_values(form))
    return [
        line(f"{pad}None is declared. {form_words(index, form)}", hang=hang),
        line(" " * hang, (values, "bold"), hang=hang),
        line(" " * hang, form.page, hang=hang, whole=True),
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


def published(state: RunState, width: int) -> list[Line]:
    """The files that an index took, and those that it refused; placeholders are only counted."""
    shown: list[Line] = []
    for title, files, stood in _releases(state):
        shown.append(title)
        table = _table(files, lambda digest: digest)
        if all(len(row.text.plain) <= width for row in table):
            shown += table
        else:
            for file in files:
                said = ", ".join([file.filename, size(file.size), *(["attested"] * file.attested), "sha256"])
                shown += [line(f"  {said}"), line(f"  {file.sha256}", hang=2)]
        shown += stood
    refused = (u for u in state.uploads if not 200 <= u.status < 300)
    for upload in refused:
        words = f"  {index_name(upload.index)} refuses {upload.filename}: {upload.status}"
        shown.append(line(styled_mark(Conclusion.FAILURE), words, hang=6))
        shown += lines(upload.message, indent=6, style="red")
    return shown


def taken(state: RunState) -> list[Line]:
    """The files that an index took, a line each; the hashes are cut."""
    shown: list[Line] = []
    for title, files, stood in _releases(state):
        shown += [title, *_table(files, lambda digest: f"{digest[:_DIGITS]}…"), *stood]
    return shown


def _table(files: Sequence[FileUploaded], digest: Callable[[str], str]) -> list[Line]:
    rows = [(f.filename, size(f.size), *(["attested"] * f.attested), f"sha256 {digest(f.sha256)}") for f in files]
    return columns(rows, indent=2)


def _releases(state: RunState) -> Iterator[tuple[Line, Sequence[FileUploaded], Sequence[Line]]]:
    """What an index took of each version: its title, the files, and a line that counts the placeholders."""
    placeholders = state.placeholders
    releases: dict[tuple[str, str, str], list[FileUploaded]] = {}
    for upload in state.published:
        releases.setdefault((upload.index, upload.project, upload.version), []).append(upload)
    for (index, project, version), files in releases.items():
        real = [file for file in files if file.filename not in placeholders]
        count = len(files) - len(real)
        stood = [line(f"  {plural(count, 'placeholder')} of jobs on other systems")] if count else []
        yield line((f"{project} {version}", "bold"), f" on the {local_index(index)}"), real, stood


def installs(state: RunState) -> list[Line]:
    """What was installed from the local indexes."""
    several = len({install.index for install in state.installs}) > 1
    rows = [_install(install, several=several) for install in state.installs]
    details = [lines(i.detail, indent=6) if i.detail and not i.ok else [] for i in state.installs]
    return [row for first, rest in zip(columns(rows), details, strict=True) for row in (first, *rest)]


def _install(install: Installed, *, several: bool) -> tuple[tuple[str, str], str, str, str, str]:
    where = f" from {index_name(install.index)}" if several else ""
    what = f"{install.tool} install ({install.dist}){where}"
    said = install.detail.strip().split("\n")[0] if install.ok else ""
    return _mark(install.ok), what, f"{install.project} {install.version}", duration(install.seconds), said


def github(state: RunState) -> list[Line]:
    """What the release would have changed on GitHub."""
    shown: list[Line] = []
    for release in state.releases:
        shown.append(line((release_words(release), "bold"), hang=2))
        shown += columns([(asset.name, size(asset.size), asset.digest) for asset in release.assets], indent=2)
    return [*shown, *(line(ref_words(change), hang=2) for change in net_changes(state.refs))]


def outside(state: RunState) -> list[Line]:
    """What jobs asked of the real network."""
    hosts = Counter({host: count for (twin, host), count in state.requests.items() if twin == "outside"})
    if not hosts:
        return []
    named = ", ".join(f"{host} ({count})" for host, count in hosts.most_common(_MOST_HOSTS))
    more = f" and {plural(len(hosts) - _MOST_HOSTS, 'other host')}" if len(hosts) > _MOST_HOSTS else ""
    return [line(f"{plural(hosts.total(), 'request')} of jobs to the real network: {named}{more}")]

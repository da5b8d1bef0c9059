"""The whole page of a run: a pure function of its record."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Final

from simulator.findings import Finding, Severity
from simulator.report.annotations import annotation_place, by_level
from simulator.report.forms import crowded, form_values, form_words
from simulator.report.github import net_changes, ref_words, release_words
from simulator.report.pages.jobs import jobs, step_link
from simulator.report.pages.markdown import markdown_html
from simulator.report.pages.markup import Html, Part, badge, code, element, items, join, table
from simulator.report.pages.record import RunRecord
from simulator.report.related import in_reading_order, not_rehearsed
from simulator.report.words import (
    VERDICTS,
    by_source,
    cache_words,
    commit,
    duration,
    fault_words,
    index_name,
    local_index,
    place,
    plural,
    size,
    stands_in,
    trigger,
)
from simulator.run_events import Annotation, Conclusion, TokenExchanged, Verdict

_KINDS: Final = {
    Verdict.GO: "success",
    Verdict.NO_GO: "failure",
    Verdict.NOT_REHEARSED: "warning",
    Verdict.NOTHING_PUBLISHED: "warning",
    Verdict.PAUSED: "warning",
}
_LEVELS: Final = {Severity.ERROR: "failure", Severity.WARNING: "warning", Severity.NOTICE: "notice"}
_HERE: Final = ("on the", "refused by the")


def page(record: RunRecord) -> Html:
    """The page, without the document type."""
    content = [(title, body) for title, make in SECTIONS if (body := make(record))]
    ids = {title: title.lower().replace(" ", "-") for title, _ in content}
    sections = [
        element("section", element("h2", title, id=ids[title]), *body, aria_labelledby=ids[title])
        for title, body in content
    ]
    links = element("nav", items(element("a", title, href=f"#{ids[title]}") for title in ids), aria_label="Sections")
    shown = element(
        "body",
        element("a", "To the findings and jobs", href="#content", class_="skip"),
        element("header", *_header(record), links),
        element("main", *sections, id="content"),
    )
    return element("html", _head(record), shown, lang="en")


def document(record: RunRecord) -> str:
    """The file."""
    return f"<!DOCTYPE html>\n{page(record)}\n"


@functools.cache
def _style() -> tuple[Html, str]:
    """The style sheet, and what the page's policy calls it."""
    css = resources.files("simulator.report.pages").joinpath("style.css").read_text("utf-8")
    return Html(css), f"'sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}'"


def _head(record: RunRecord) -> Html:
    css, digest = _style()
    policy = f"default-src 'none'; style-src {digest}; img-src data:; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{_verdict(record)[0]}: {_what(record)}"),
        element("style", css),
    )


def _verdict(record: RunRecord) -> tuple[str, str, str]:
    """The verdict, what kind of news it is, and its reason."""
    finished = record.state.finished
    if finished is None:
        return "NOT FINISHED", "warning", "The run ended before its verdict."
    return VERDICTS[finished.verdict], _KINDS[finished.verdict], finished.reason


def _what(record: RunRecord) -> str:
    started = record.state.started
    return f"{trigger(started)} in {started.repository}" if started else "a rehearsal"


def _header(record: RunRecord) -> list[Part]:
    state, (verdict, kind, reason) = record.state, _verdict(record)
    facts: list[tuple[str, str]] = []
    if started := state.started:
        facts += [("Commit", commit(started)), ("Run", started.run_id)]
    if engine := state.engine:
        facts += [("Engine", f"{engine.engine}: {engine.reason}"), ("Image", engine.image)]
    facts += [("Took", duration(state.seconds))] if state.finished else []
    described = [part for name, value in facts for part in (element("dt", name), element("dd", value))]
    return [
        element("p", "pysim: rehearsal of a release", class_="quiet"),
        element("h1", f"Rehearsal of {_what(record)}"),
        element("p", badge(verdict, kind), " ", reason, class_="verdict"),
        element("dl", *described),
    ]


# ---- sections


def _not_rehearsed(record: RunRecord) -> list[Part]:
    return [_lack(finding) for finding in not_rehearsed(record.state)]


def _lack(finding: Finding) -> Html:
    where = place(finding.where)
    head = [badge(", ".join(finding.unrehearsed), "warning"), " ", code(finding.code)]
    if where:
        head += [" ", code(where)]
    said = f"Accepted: {finding.accepted}." if finding.accepted else finding.hint
    return element("article", element("p", *head), element("p", finding.message), element("p", said))


def _findings(record: RunRecord) -> list[Part]:
    return [_finding(finding) for finding in in_reading_order(record.state)] or [element("p", "None.")]


def _finding(finding: Finding) -> Html:
    where = place(finding.where)
    head = [badge(finding.severity.value, _LEVELS[finding.severity]), " ", code(finding.code)]
    shown: list[Part] = [element("p", *head, *([" ", code(where)] if where else []))]
    shown.append(element("p", finding.message))
    if finding.would_show and finding.would_show.strip() not in finding.message:
        shown += [element("p", "The release would have shown:"), element("pre", finding.would_show.strip())]
    return element("article", *shown, element("p", element("strong", "Fix: "), finding.hint))


def _workflows(record: RunRecord) -> list[Part]:
    rows = [
        (code(w.path), "rehearsed" if w.rehearsed else "starts, left out" if w.starts else "not started", w.reason)
        for w in sorted(record.state.workflows, key=lambda w: (not w.rehearsed, not w.starts))
    ]
    return [table(("Workflow", "Starts", "Why"), rows, caption="Workflows and why they start or not")] if rows else []


def _annotations(record: RunRecord) -> list[Part]:
    return [_annotation(note, record) for note in by_level(record.state.annotations)]


def _annotation(note: Annotation, record: RunRecord) -> Html:
    where = annotation_place(note)
    head: list[Part] = [badge(note.level, _LEVELS[Severity(note.level)])]
    head += [" ", code(where)] if where else []
    head += [" ", element("strong", note.title)] if note.title else []
    source = element("pre", note.source) if note.source else None
    step = element("p", step_link(record, note.job_id, note.number), class_="quiet")
    return element("article", element("p", *head), element("p", note.message.strip()), source, step)


def _summaries(record: RunRecord) -> list[Part]:
    return [
        element(
            "article",
            element("h3", step_link(record, written.job_id, written.number)),
            markdown_html(written.markdown),
        )
        for written in record.state.summaries
        if written.markdown.strip()
    ]


def _gates(record: RunRecord) -> list[Part]:
    urls = {job.id: job.environment_url for job in record.state.jobs.values()}
    rows = [
        (
            gate.environment,
            gate.job_id,
            _answer(gate.allowed, "lets it in", "lets it wait" if gate.paused else "keeps it out"),
            gate.reason,
            urls.get(gate.job_id) or gate.url or "",
        )
        for gate in record.state.gates
    ]
    headings = ("Environment", "Job", "Answer", "Why", "URL")
    return [table(headings, rows, caption="What the protection rules said")] if rows else []


def _answer(ok: bool, yes: str, no: str) -> Html:  # noqa: FBT001 - what it answers is the only thing it needs to know
    return badge(yes if ok else no, (Conclusion.SUCCESS if ok else Conclusion.FAILURE).value)


def _exchanges(record: RunRecord) -> list[Part]:
    return [_exchange(each) for each in dict.fromkeys(record.state.exchanges)]


def _exchange(exchange: TokenExchanged) -> Html:
    index = index_name(exchange.index)
    answer = _answer(exchange.ok, "given", "refused")
    kind = "declared" if exchange.declared else "assumed"
    shown: list[Part] = [element("h3", f"{index}, job {exchange.job_id}"), element("p", "Upload token ", answer)]
    if exchange.publisher:
        shown.append(element("p", f"Publisher {exchange.publisher} ({kind})"))
    if exchange.error:
        shown.append(element("pre", exchange.error))
    rows = [
        (code(c.claim), _answer(c.ok, "agrees", "differs"), code(c.value or "none"), code(c.expected or "none"))
        for c in exchange.claims
    ]
    if rows:
        shown.append(table(("Claim", "", "The job's", "The publisher's"), rows, caption="The token, claim by claim"))
    for form in exchange.forms:
        shown.append(element("p", f"No publisher is declared. {form_words(exchange.index, form)}"))
        rows_of = (p for label, value in form_values(form) for p in (element("dt", label), element("dd", value)))
        shown.append(element("dl", *rows_of, element("dt", "Page"), element("dd", code(form.page))))
    if problem := crowded(exchange.index, exchange.forms):
        shown.append(element("p", problem))
    return element("article", *shown)


def _published(record: RunRecord) -> list[Part]:
    rows = [
        (
            code(f.filename),
            f"{f.project} {f.version}",
            _answer(200 <= f.status < 300, f"{_HERE[0]} {local_index(f.index)}", f"{_HERE[1]} {local_index(f.index)}"),
            size(f.size),
            code(f.sha256),
            "attested" if f.attested else "",
            "" if 200 <= f.status < 300 else f"{f.status} {f.message}",
        )
        for f in dict.fromkeys((*record.state.published, *record.state.uploads))
    ]
    headings = ("File", "Release", "Answer", "Size", "SHA-256", "Provenance", "The index's words")
    return [table(headings, rows, caption="Distributions that jobs offered to an index")] if rows else []


def _installs(record: RunRecord) -> list[Part]:
    rows = [
        (
            f"{i.tool} install ({i.dist}) from {index_name(i.index)}",
            f"{i.project} {i.version}",
            _answer(i.ok, "ok", "failed"),
            duration(i.seconds),
            element("pre", i.detail) if i.detail.strip() else "",
        )
        for i in record.state.installs
    ]
    headings = ("Install", "Release", "Outcome", "Took", "It said")
    return [table(headings, rows, caption="Installs from the local index")] if rows else []


def _artifacts(record: RunRecord) -> list[Part]:
    rows = [
        (a.name, a.job_id, size(a.size), items(code(f) for f in a.files), code(a.digest))
        for a in record.state.artifacts
    ]
    return [table(("Artifact", "Job", "Size", "Files", "Digest"), rows, caption="Artifacts of the run")] if rows else []


def _caches(record: RunRecord) -> list[Part]:
    used = dict.fromkeys(record.state.caches)
    return [items(f"{cache.job_id}: {cache_words(cache)}" for cache in used)] if used else []


def _github(record: RunRecord) -> list[Part]:
    releases = [
        join([release_words(r), items(f"{a.name}, {size(a.size)}, {a.digest}" for a in r.assets) if r.assets else None])
        for r in record.state.releases
    ]
    changes = [ref_words(change) for change in net_changes(record.state.refs)]
    return [items([*releases, *changes])] if releases or changes else []


def _requests(record: RunRecord) -> list[Part]:
    if not record.requests:
        return []
    hosts = Counter((r.twin, r.host) for r in record.requests)
    summary = table(
        ("Host", "Answered by", "Requests"),
        ((code(host), twin, str(count)) for (twin, host), count in hosts.most_common()),
        caption="Hosts that jobs asked",
    )
    rows = ((r.job_id, r.twin, r.method, code(f"{r.host}{r.path}"), str(r.status)) for r in record.requests)
    each = table(("Job", "Answered by", "Method", "What", "Status"), rows, caption="Each request, in order")
    more = record.request_count - len(record.requests)
    note = element("p", f"{plural(more, 'more request')} in access.jsonl") if more else None
    return [summary, element("details", element("summary", plural(record.request_count, "request")), each, note)]


def _settings(record: RunRecord) -> list[Part]:
    rows = [(code(source), ", ".join(names)) for source, names in by_source(record.state.settings).items()]
    return [table(("Source", "What it sets"), rows, caption="Where the settings came from")] if rows else []


def _actions(record: RunRecord) -> list[Part]:
    rows = [(code(action.uses), stands_in(action)) for action in record.state.actions]
    return [table(("Action", "What was run"), rows, caption="Actions and what was run for them")] if rows else []


def _notes(record: RunRecord) -> list[Part]:
    notices = dict.fromkeys(record.state.notices)
    shown = [
        join([n.message, *([element("br"), element("span", n.hint, class_="quiet")] if n.hint else [])])
        for n in notices
    ]
    return [items(shown)] if shown else []


def _faults(record: RunRecord) -> list[Part]:
    rows = [(code(fault), fault_words(fired)) for fault, fired in record.state.faults.items()]
    return [table(("Fault", "Took effect"), rows, caption="What was made to fail")] if rows else []


SECTIONS: Final[Sequence[tuple[str, Callable[[RunRecord], list[Part]]]]] = (
    ("Not run", _not_rehearsed),
    ("Findings", _findings),
    ("Faults", _faults),
    ("Jobs", jobs),
    ("Annotations", _annotations),
    ("Summaries", _summaries),
    ("Environments", _gates),
    ("Trusted publishing", _exchanges),
    ("Published files", _published),
    ("Installs", _installs),
    ("On GitHub", _github),
    ("Why it ran", _workflows),
    ("Settings", _settings),
    ("Actions", _actions),
    ("Artifacts", _artifacts),
    ("Caches", _caches),
    ("Requests", _requests),
    ("Notes", _notes),
)

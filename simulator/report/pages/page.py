"""The whole page of a run: a pure function of its record, written by templates that escape every text."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import jinja2

from simulator.report.annotations import annotation_place, by_level
from simulator.report.forms import crowded, form_values, form_words
from simulator.report.github import net_changes, ref_words, release_words
from simulator.report.pages.drawings import job_graph, timeline
from simulator.report.pages.jobs import OUTCOMES, StepLink, groups, log_link, step_link
from simulator.report.pages.markdown import markdown_html
from simulator.report.pages.markup import Html, prose
from simulator.report.pages.project_page import project_pages
from simulator.report.pages.record import RunRecord
from simulator.report.related import cause_and_rest, not_rehearsed
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
    without_escapes,
)
from simulator.run_events import Annotation, StepSummary, Verdict

_KINDS: Final = {
    Verdict.GO: "success",
    Verdict.NO_GO: "failure",
    Verdict.NOT_REHEARSED: "warning",
    Verdict.NOTHING_PUBLISHED: "warning",
    Verdict.PAUSED: "warning",
}
_LEVELS: Final = {"error": "failure", "warning": "warning", "notice": "notice"}
_SECTIONS: Final = (
    ("Cause", "cause"),
    ("Not run", "not_run"),
    ("Findings", "findings"),
    ("Faults", "faults"),
    ("Published files", "published"),
    ("Jobs", "jobs"),
    ("Project page", "project_page"),
    ("Installs", "installs"),
    ("Annotations", "annotations"),
    ("Summaries", "summaries"),
    ("Environments", "environments"),
    ("Trusted publishing", "publishing"),
    ("On GitHub", "github"),
    ("Why it ran", "workflows"),
    ("Settings", "settings"),
    ("Actions", "actions"),
    ("Artifacts", "artifacts"),
    ("Caches", "caches"),
    ("Requests", "requests"),
    ("Notes", "notes"),
    ("Files of the run", "files"),
)
"""Titles, and the templates; a section without content is left out."""
_FILES: Final = (("All events", "events.jsonl"), ("The summary as JSON", "summary.json"), ("All logs", "logs/"))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Word:
    """A verdict, what kind of news it is, and its reason."""

    word: str
    kind: str
    reason: str


def document(record: RunRecord, root: str = ".") -> str:
    """The file; `root` is where the folder of the run lies, as the page sees it."""
    css, script = _resource("style.css"), _resource("script.js")
    content = _content(record, root)
    shown = _shown(record, content)
    sections = [
        {"title": title, "id": title.lower().replace(" ", "-"), "template": f"{name}.html"}
        for title, name in _SECTIONS
        if shown[name]
    ]
    policy = (
        f"default-src 'none'; style-src {_digest(css)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = _environment().get_template("page.html")
    return page.render(**content, sections=sections, css=Html(css), script=Html(script), policy=policy).strip() + "\n"


def _link(record: RunRecord, about: Annotation | StepSummary) -> StepLink:
    return step_link(record, about.job_id, about.number)


@functools.cache
def _resource(name: str) -> str:
    return resources.files("simulator.report.pages").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    """What the page's policy calls a style sheet or a script that it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("simulator.report.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters.update(
        annotation_place=annotation_place,
        cache_words=cache_words,
        crowded=lambda exchange: crowded(exchange.index, exchange.forms),
        duration=duration,
        fault_words=fault_words,
        form_values=form_values,
        form_words=form_words,
        index_name=index_name,
        is_web=lambda address: address.startswith(("https://", "http://")),
        level=lambda level: _LEVELS[str(level)],
        local_index=local_index,
        markdown=markdown_html,
        outcome_word=OUTCOMES.__getitem__,
        place=place,
        plural=plural,
        prose=prose,
        ref_words=ref_words,
        release_words=release_words,
        size=size,
        stands_in=stands_in,
    )
    return environment


def _harmless(value: object) -> object:
    """Text without control characters; the templates escape it."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(without_escapes(line) for line in value.split("\n"))


def _verdict(record: RunRecord) -> _Word:
    finished = record.state.finished
    if finished is None:
        return _Word(word="NOT FINISHED", kind="warning", reason="The run ended before its verdict.")
    return _Word(word=VERDICTS[finished.verdict], kind=_KINDS[finished.verdict], reason=finished.reason)


def _facts(record: RunRecord) -> list[tuple[str, str]]:
    state = record.state
    facts: list[tuple[str, str]] = []
    if started := state.started:
        facts += [("Commit", commit(started)), ("Run", started.run_id)]
    if engine := state.engine:
        facts += [("Engine", f"{engine.engine}: {engine.reason}"), ("Image", engine.image)]
    return facts + ([("Took", duration(state.seconds))] if state.finished else [])


def _shown(record: RunRecord, content: Mapping[str, Any]) -> Mapping[str, object]:
    """Whether each section has content."""
    state = record.state
    return {
        **{name: content[name] for name in ("cause", "not_run", "annotations", "summaries", "workflows", "settings")},
        **{name: content[name] for name in ("caches", "notes")},
        "findings": content["findings"] or content["cause"] is None,
        "faults": state.faults,
        "published": content["files"],
        "jobs": state.jobs,
        "project_page": content["described"],
        "installs": state.installs,
        "environments": state.gates,
        "publishing": content["exchanges"],
        "github": state.releases or content["ref_changes"],
        "actions": state.actions,
        "artifacts": state.artifacts,
        "requests": record.requests,
        "files": state.started and state.started.record,
    }


def _content(record: RunRecord, root: str) -> dict[str, Any]:
    """What the templates show."""
    state, started = record.state, record.state.started
    cause, findings = cause_and_rest(state)
    what = f"Rehearsal of {trigger(started)} in {started.repository}" if started else "A rehearsal"
    return {
        "record": record,
        "state": state,
        "verdict": _verdict(record),
        "what": what,
        "facts": _facts(record),
        "cause": cause,
        "findings": findings,
        "not_run": not_rehearsed(state),
        "files": list(dict.fromkeys((*state.published, *state.uploads))),
        "placeholders": state.placeholders,
        "described": project_pages(state.described),
        "graph": job_graph(record),
        "timeline": timeline(record),
        "groups": groups(record, log_link(record, root)),
        "annotations": by_level(state.annotations),
        "summaries": [written for written in state.summaries if written.markdown.strip()],
        "step_link": functools.partial(_link, record),
        "urls": {job.id: job.environment_url for job in state.jobs.values()},
        "exchanges": list(dict.fromkeys(state.exchanges)),
        "ref_changes": net_changes(state.refs),
        "workflows": sorted(state.workflows, key=lambda w: (not w.rehearsed, not w.starts)),
        "settings": by_source(state.settings),
        "caches": list(dict.fromkeys(state.caches)),
        "hosts": Counter((r.twin, r.host) for r in record.requests).most_common(),
        "notes": list(dict.fromkeys(state.notices)),
        "run_files": [(name, f"{root}/{path}") for name, path in _FILES],
    }

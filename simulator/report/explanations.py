"""What an index would say to the ID tokens of jobs, as text and as data. Knows no plan and no configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.report.forms import crowded, form_values, form_words
from simulator.report.words import index_name, without_escapes

SHOWN: Final = ("repository", "workflow_ref", "job_workflow_ref", "ref", "environment", "event_name", "sub")
SCHEMA_VERSION: Final = 1
Mark = Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherView:
    """A declared publisher beside a job's claims: `refusal` is what the index says, None when it would do."""

    index: str
    project: str
    pending: bool
    words: str
    checks: Sequence[ClaimCheck]
    refusal: str | None
    fixes: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an index says to a job; `ok` is None where nothing is declared, so that nobody knows."""

    index: str
    ok: bool | None
    words: str
    projects: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenView:
    """A job that may mint a token, with its claims; `notes` are what else decides, each a sentence or a block.

    `forms` are what to register, each with its index, where no token is given.
    """

    job: str
    file: str
    event: str
    claims: Mapping[str, str]
    publishers: Sequence[PublisherView] = ()
    answers: Sequence[Answer] = ()
    notes: Sequence[str] = ()
    forms: Sequence[tuple[str, PublisherForm]] = field(default=())
    refused: bool = False


def render_tokens(tokens: Sequence[TokenView], bad: Mark) -> str:
    """Each job with its claims and the publishers beside them; `bad` marks what differs."""
    return "\n\n".join("\n".join(_lines(token, bad)) for token in tokens)


def tokens_as_data(tokens: Sequence[TokenView]) -> dict[str, object]:
    """The same for programs."""
    return {"schemaVersion": SCHEMA_VERSION, "jobs": [_data(token) for token in tokens]}


def _lines(token: TokenView, bad: Mark) -> Iterator[str]:
    yield without_escapes(f"job {token.job} in {token.file}, {token.event}")
    width = max(map(len, SHOWN))
    for name in SHOWN:
        yield without_escapes(f"  {name:{width}}  {token.claims.get(name, 'MISSING')}")
    for publisher in token.publishers:
        pending = ", pending" if publisher.pending else ""
        title = f"of {publisher.project} on {index_name(publisher.index)}{pending}: {publisher.words}"
        yield without_escapes(f"  publisher {title}")
        for check in publisher.checks:
            said = without_escapes(f"    {check.claim:{width}}  publisher: {check.expected}, job: {check.value}")
            yield said if check.ok else bad(f"{said}  differs")
        if publisher.refusal:
            yield without_escapes(f"    refused: {publisher.refusal}")
        for fix in publisher.fixes:
            yield without_escapes(f"    fix: {fix}")
    for note in token.notes:
        yield from (f"  {without_escapes(line)}" for line in note.split("\n"))
    for answer in token.answers:
        wanted = [form for index, form in token.forms if index == answer.index]
        forms = [line for form in wanted for line in _form(answer.index, form)]
        if problem := crowded(answer.index, wanted):
            forms.append(without_escapes(f"  {problem}"))
        if answer.ok is False:
            yield from forms
        yield without_escapes(f"  {answer.words}")
        if answer.ok is None:
            yield from forms


def _form(index: str, form: PublisherForm) -> Iterator[str]:
    values = "; ".join(f"{label}: {value}" for label, value in form_values(form))
    yield without_escapes(f"  {form_words(index, form)}")
    yield without_escapes(f"    {values}")
    yield without_escapes(f"    {form.page}")


def _data(token: TokenView) -> dict[str, object]:
    return {
        "job": token.job,
        "file": token.file,
        "event": token.event,
        "claims": dict(token.claims),
        "refused": token.refused,
        "answers": [
            {"index": each.index, "ok": each.ok, "words": each.words, "projects": list(each.projects)}
            for each in token.answers
        ],
        "publishers": [
            {
                "index": each.index,
                "project": each.project,
                "pending": each.pending,
                "claims": [
                    {"claim": check.claim, "value": check.value, "expected": check.expected, "ok": check.ok}
                    for check in each.checks
                ],
                "refusal": each.refusal,
                "fixes": list(each.fixes),
            }
            for each in token.publishers
        ],
        "register": [
            {"index": index, "pending": form.pending, "page": form.page, "values": dict(form_values(form))}
            for index, form in token.forms
        ],
        "notes": list(token.notes),
    }

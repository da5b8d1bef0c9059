"""What an index would say to the ID tokens of jobs, as text. Knows no plan and no configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.report.words import without_escapes
from simulator.run_events import ClaimCheck

SHOWN: Final = ("repository", "workflow_ref", "job_workflow_ref", "ref", "environment", "event_name", "sub")
Mark = Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherView:
    """A declared publisher beside a job's claims: `refusal` is what the index says, None when it would do."""

    title: str
    checks: Sequence[ClaimCheck]
    refusal: str | None
    fixes: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenView:
    """A job that may mint a token, with its claims; `notes` are what else decides, each a sentence or a block."""

    job: str
    file: str
    claims: Mapping[str, str]
    publishers: Sequence[PublisherView]
    verdicts: Sequence[str]
    refused: bool
    notes: Sequence[str]


def render_tokens(tokens: Sequence[TokenView], bad: Mark) -> str:
    """Each job with its claims and the publishers beside them; `bad` marks what differs."""
    return "\n\n".join("\n".join(_lines(token, bad)) for token in tokens)


def _lines(token: TokenView, bad: Mark) -> Iterator[str]:
    yield without_escapes(f"job {token.job} in {token.file}")
    width = max(map(len, SHOWN))
    for name in SHOWN:
        yield without_escapes(f"  {name:{width}}  {token.claims.get(name, 'MISSING')}")
    for publisher in token.publishers:
        yield without_escapes(f"  publisher {publisher.title}")
        for check in publisher.checks:
            said = without_escapes(f"    {check.claim:{width}}  publisher: {check.expected}, job: {check.value}")
            yield said if check.ok else bad(f"{said}  differs")
        if publisher.refusal:
            yield without_escapes(f"    refused: {publisher.refusal}")
        for fix in publisher.fixes:
            yield without_escapes(f"    fix: {fix}")
    for note in token.notes:
        yield from (f"  {without_escapes(line)}" for line in note.split("\n"))
    for verdict in token.verdicts:
        yield without_escapes(f"  {verdict}")

"""What leaves a rehearsal holds no secret, whichever field it stands in, and stays what it was otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.publisher_records import ClaimCheck
from simulator.remedies import Act, remedy
from simulator.report.codec import read_events
from simulator.run_events import (
    ArtifactStored,
    Conclusion,
    FindingRaised,
    JobFinished,
    Notice,
    RunEvent,
    TokenExchanged,
    TwinRequest,
)
from simulator.runner.masked import MaskedSink, hide_secrets
from simulator.runner.masking import Masker

SECRET = "s3cret-value"
CASES = sorted((Path(__file__).parent.parent / "report/cases").iterdir())
FINDING = Finding(
    code="c",
    severity=Severity.ERROR,
    message=f"it says {SECRET}",
    hint=f"not {SECRET}",
    where=Span(file=f"{SECRET}.py", line=1, column=1),
    would_show=SECRET,
    remedies=(remedy(Act.GIVE_INPUT, SECRET),),
)


def passed(masker: Masker, *events: RunEvent) -> Sequence[RunEvent]:
    told: list[RunEvent] = []
    sink = MaskedSink(told.append, masker)
    for event in events:
        sink(event)
    return told


@pytest.mark.parametrize(
    "event",
    [
        Notice(message=SECRET, hint=SECRET),
        FindingRaised(finding=FINDING),
        TwinRequest(job_id="b", twin="github", method="GET", host=f"{SECRET}.example", path=f"/{SECRET}", status=200),
        ArtifactStored(job_id="b", name=SECRET, size=1, digest="sha256:0", files=("a", f"dist/{SECRET}")),
        JobFinished(job_id="b", conclusion=Conclusion.SUCCESS, at=1, outputs={"a": SECRET}, reason=SECRET),
        TokenExchanged(
            job_id="b",
            index="pypi",
            ok=False,
            publisher=SECRET,
            declared=True,
            claims=(ClaimCheck(claim="sub", value=SECRET, expected=SECRET, ok=True),),
            error=SECRET,
        ),
    ],
    ids=lambda event: type(event).__name__,
)
def test_no_field_shows_a_secret(event: RunEvent) -> None:
    (told,) = passed(Masker([SECRET]), event)
    assert SECRET not in repr(told)
    assert "***" in repr(told)
    assert type(told) is type(event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_holds_no_secret_stays_as_it_is(case: Path) -> None:
    events = list(read_events(case / "events.jsonl"))
    assert passed(Masker([SECRET]), *events) == events


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("secret", ["a", "success", "pypi", "pip", "push", "text", "go", "0"])
def test_a_short_secret_breaks_no_event(case: Path, secret: str) -> None:
    for before in read_events(case / "events.jsonl"):
        (after,) = passed(Masker([secret]), before)
        for name in ("job_id", "conclusion", "outcome", "level", "twin", "index", "verdict", "tool", "sha256"):
            assert getattr(after, name, None) == getattr(before, name, None)


def test_what_a_job_masks_is_masked_where_it_is_about_that_job() -> None:
    masker = Masker()
    masker.child("b").add(SECRET)
    made = [ArtifactStored(job_id=job, name=SECRET, size=1, digest="", files=()) for job in ("b", "other")]
    assert [event.name for event in passed(masker, *made) if isinstance(event, ArtifactStored)] == ["***", SECRET]


def test_what_is_about_no_job_shows_the_secret_of_none() -> None:
    masker = Masker()
    masker.child("b").add(SECRET)
    (told,) = passed(masker, FindingRaised(finding=FINDING))
    assert SECRET not in repr(told)
    error = UsageError(SECRET, hint=SECRET)
    hide_secrets(error, masker)
    assert (str(error), error.hint) == ("***", "***")


def test_an_error_says_no_secret() -> None:
    error = UsageError(f"bad {SECRET}", hint=f"not {SECRET}", remedies=(remedy(Act.GIVE_INPUT, SECRET),))
    hide_secrets(error, Masker([SECRET]))
    assert (str(error), error.hint) == ("bad ***", "not ***")
    assert error.remedies == (remedy(Act.GIVE_INPUT, "***"),)

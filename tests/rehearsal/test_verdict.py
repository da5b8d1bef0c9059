"""The verdict follows from jobs, findings and published files."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from simulator.findings import Finding, Severity
from simulator.indexes import IndexName
from simulator.rehearsal.verdict import JobOutcome, judge
from simulator.run_events import Conclusion, Verdict

BUILD = JobOutcome(name="build", conclusion=Conclusion.SUCCESS, publishes=False)
PUBLISHED = JobOutcome(name="publish", conclusion=Conclusion.SUCCESS, publishes=True)
SKIPPED = JobOutcome(name="publish", conclusion=Conclusion.SKIPPED, publishes=True)
FAILED = JobOutcome(name="build", conclusion=Conclusion.FAILURE, publishes=False)
REFUSED = JobOutcome(name="publish", conclusion=Conclusion.FAILURE, publishes=True, refused=True)
ABSENT = JobOutcome(name="mac", conclusion=Conclusion.SKIPPED, publishes=False, absent="supplied")
MISSING = JobOutcome(name="publish", conclusion=Conclusion.SKIPPED, publishes=True, absent="missing")
PAUSED = JobOutcome(name="publish", conclusion=Conclusion.SKIPPED, publishes=True, absent="paused")
WARNING = Finding(code="w", severity=Severity.WARNING, message="careful", hint="mind")
NOT_TAKEN = Finding(code="upload-refused", severity=Severity.NOTICE, message="PyPI refused it", hint="mind")
ERROR = Finding(code="e", severity=Severity.ERROR, message="the cause", hint="mend")


def job(
    name: str, *needs: str, conclusion: Conclusion = Conclusion.SUCCESS, absent: Literal["missing"] | None = None
) -> JobOutcome:
    return JobOutcome(
        name=name, conclusion=conclusion, publishes=name.startswith("publish"), needs=needs, absent=absent
    )


def lack(*jobs: str, accepted: str | None = None) -> Finding:
    return replace(WARNING, code="action-not-rehearsed", message="no", unrehearsed=jobs, accepted=accepted)


BAD = Conclusion.FAILURE
CHAIN = [job("build (3.12)"), job("check / lint"), job("publish", "build", "check"), job("tell", "publish")]


@pytest.mark.parametrize(
    ("jobs", "findings", "verdict", "reason"),
    [
        (CHAIN, [], Verdict.GO, "published to the local PyPI and installed from there"),
        (CHAIN, [lack("publish")], Verdict.NOT_REHEARSED, "the release hangs on what was not rehearsed: no"),
        (CHAIN, [lack("build (3.12)")], Verdict.NOT_REHEARSED, "hangs on"),
        (CHAIN, [lack("check / lint"), lack("publish")], Verdict.NOT_REHEARSED, "no (and 1 more)"),
        (CHAIN, [lack("tell")], Verdict.GO, "; not rehearsed: tell"),
        ([*CHAIN[:3], job("tell", "publish", conclusion=BAD)], [lack("tell")], Verdict.GO, "; not rehearsed: tell"),
        (
            [*CHAIN[:3], job("tell", "publish", conclusion=BAD)],
            [lack("tell", accepted="known")],
            Verdict.GO,
            "; not rehearsed: tell",
        ),
        (CHAIN, [lack("build (3.12)", accepted="known")], Verdict.GO, "installed from there"),
        (CHAIN, [lack("publish"), ERROR], Verdict.NO_GO, "the cause"),
        ([job("build", conclusion=BAD)], [lack("build")], Verdict.NOT_REHEARSED, "hangs on"),
        ([job("build", conclusion=BAD)], [lack("build", accepted="known")], Verdict.NOT_REHEARSED, "job build failed"),
        ([job("a"), job("b", "a", conclusion=BAD)], [lack("a")], Verdict.NOT_REHEARSED, "hangs on"),
        ([job("a"), job("b", conclusion=BAD)], [lack("a")], Verdict.NO_GO, "job b failed"),
        (
            [job("a (1)", conclusion=BAD), job("a (2)", conclusion=Conclusion.CANCELLED)],
            [lack("a (1)")],
            Verdict.NOT_REHEARSED,
            "hangs on",
        ),
        (
            [job("a (1)", conclusion=BAD), job("b (2)", conclusion=Conclusion.CANCELLED)],
            [lack("a (1)")],
            Verdict.NO_GO,
            "job b (2) failed",
        ),
        ([job("a", conclusion=Conclusion.SKIPPED), *CHAIN], [lack("a")], Verdict.GO, "installed from there"),
        ([job("build"), job("other")], [lack("other")], Verdict.NOT_REHEARSED, "hangs on"),
    ],
)
def test_what_was_not_rehearsed(jobs: list[JobOutcome], findings: list[Finding], verdict: Verdict, reason: str) -> None:
    judgement = judge(jobs, findings, ["pypi"] if "publish" in {each.name for each in jobs} else [])
    assert judgement.verdict is verdict
    assert reason in judgement.reason


@pytest.mark.parametrize(
    ("jobs", "findings", "published", "verdict", "refused", "reason"),
    [
        (
            [BUILD, PUBLISHED],
            [],
            ["pypi", "pypi"],
            Verdict.GO,
            False,
            "2 files were published to the local PyPI and",
        ),
        ([ABSENT, PUBLISHED], [], ["pypi"], Verdict.GO, False, "1 file was published to the local PyPI"),
        ([BUILD, MISSING], [], [], Verdict.NOT_REHEARSED, False, "job publish could not be rehearsed: what it needs"),
        ([MISSING, PUBLISHED], [], ["pypi"], Verdict.NOT_REHEARSED, False, "job publish could not be rehearsed"),
        (
            [BUILD, PUBLISHED],
            [WARNING],
            ["testpypi"],
            Verdict.GO,
            False,
            "1 file was published to the local TestPyPI",
        ),
        ([BUILD, PUBLISHED], [ERROR], ["pypi", "pypi"], Verdict.NO_GO, False, "the cause"),
        ([FAILED, SKIPPED], [], [], Verdict.NO_GO, False, "job build failed"),
        ([BUILD, SKIPPED], [], [], Verdict.NOTHING_PUBLISHED, False, "publish was skipped"),
        ([BUILD], [], [], Verdict.NOTHING_PUBLISHED, False, "no job"),
        ([BUILD, PUBLISHED], [], [], Verdict.NO_GO, False, "published nothing"),
        (
            [BUILD, replace(PUBLISHED, unasked=True)],
            [],
            [],
            Verdict.NOTHING_PUBLISHED,
            False,
            "publish, with `id-token",
        ),
        ([BUILD, PUBLISHED], [WARNING, NOT_TAKEN], [], Verdict.NO_GO, False, "published nothing: PyPI refused it"),
        ([BUILD, REFUSED], [ERROR], [], Verdict.NO_GO, True, "protection rule"),
        ([BUILD, PAUSED], [WARNING], [], Verdict.PAUSED, False, "job publish waits for a review"),
        ([FAILED, PAUSED], [], [], Verdict.NO_GO, False, "job build failed"),
        ([PAUSED, REFUSED], [ERROR], [], Verdict.NO_GO, True, "protection rule"),
        ([], [ERROR], [], Verdict.NO_GO, False, "the cause"),
        ([], [WARNING], [], Verdict.NOTHING_PUBLISHED, False, "nothing that the event starts publishes"),
    ],
)
def test_verdicts(
    jobs: list[JobOutcome],
    findings: list[Finding],
    published: list[IndexName],
    verdict: Verdict,
    refused: bool,
    reason: str,
) -> None:
    judgement = judge(jobs, findings, published)
    assert (judgement.verdict, judgement.refused) == (verdict, refused)
    assert reason in judgement.reason

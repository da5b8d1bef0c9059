"""The verdict follows from jobs, findings and published files."""

from __future__ import annotations

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
ERROR = Finding(code="e", severity=Severity.ERROR, message="the cause", hint="mend")


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
        ([BUILD, MISSING], [], [], Verdict.NO_GO, False, "job publish could not be rehearsed: what it needs"),
        ([MISSING, PUBLISHED], [], ["pypi"], Verdict.NO_GO, False, "job publish could not be rehearsed"),
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
        ([BUILD, REFUSED], [ERROR], [], Verdict.NO_GO, True, "protection rule"),
        ([BUILD, PAUSED], [WARNING], [], Verdict.PAUSED, False, "job publish waits for a review"),
        ([FAILED, PAUSED], [], [], Verdict.NO_GO, False, "job build failed"),
        ([PAUSED, REFUSED], [ERROR], [], Verdict.NO_GO, True, "protection rule"),
        ([], [ERROR], [], Verdict.NO_GO, False, "the cause"),
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

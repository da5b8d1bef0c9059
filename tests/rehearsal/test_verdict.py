"""The verdict follows from jobs, findings and published files."""

from __future__ import annotations

import pytest

from simulator.errors import ExitCode
from simulator.findings import Finding, Severity
from simulator.rehearsal.verdict import JobOutcome, judge
from simulator.run_events import Conclusion, Verdict

BUILD = JobOutcome(name="build", conclusion=Conclusion.SUCCESS, publishes=False)
PUBLISHED = JobOutcome(name="publish", conclusion=Conclusion.SUCCESS, publishes=True)
SKIPPED = JobOutcome(name="publish", conclusion=Conclusion.SKIPPED, publishes=True)
FAILED = JobOutcome(name="build", conclusion=Conclusion.FAILURE, publishes=False)
REFUSED = JobOutcome(name="publish", conclusion=Conclusion.FAILURE, publishes=True, refused=True)
WARNING = Finding(code="w", severity=Severity.WARNING, message="careful", hint="mind")
ERROR = Finding(code="e", severity=Severity.ERROR, message="the cause", hint="mend")


@pytest.mark.parametrize(
    ("jobs", "findings", "published", "verdict", "code", "reason"),
    [
        ([BUILD, PUBLISHED], [], 2, Verdict.GO, ExitCode.GO, "2 files"),
        ([BUILD, PUBLISHED], [WARNING], 1, Verdict.GO, ExitCode.GO, "1 file "),
        ([BUILD, PUBLISHED], [ERROR], 2, Verdict.NO_GO, ExitCode.NO_GO, "the cause"),
        ([FAILED, SKIPPED], [], 0, Verdict.NO_GO, ExitCode.NO_GO, "job build failed"),
        ([BUILD, SKIPPED], [], 0, Verdict.NOTHING_PUBLISHED, ExitCode.GO, "publish was skipped"),
        ([BUILD], [], 0, Verdict.NOTHING_PUBLISHED, ExitCode.GO, "no job"),
        ([BUILD, PUBLISHED], [], 0, Verdict.NO_GO, ExitCode.NO_GO, "published nothing"),
        ([BUILD, REFUSED], [ERROR], 0, Verdict.NO_GO, ExitCode.REFUSED, "protection rule"),
        ([], [ERROR], 0, Verdict.NO_GO, ExitCode.NO_GO, "the cause"),
    ],
)
def test_verdicts(
    jobs: list[JobOutcome], findings: list[Finding], published: int, verdict: Verdict, code: ExitCode, reason: str
) -> None:
    judgement = judge(jobs, findings, published)
    assert (judgement.verdict, judgement.exit_code) == (verdict, code)
    assert reason in judgement.reason

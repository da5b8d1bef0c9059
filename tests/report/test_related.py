"""What was known of a job stands beside its failure."""

from __future__ import annotations

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.report.related import in_reading_order
from simulator.report.state import replay
from simulator.run_events import Conclusion, FindingRaised, JobFinished, JobPlanned, RunEvent

FILE = ".github/workflows/release.yml"


def job(name: str, line: int, conclusion: Conclusion) -> list[RunEvent]:
    span = Span(file=FILE, line=line, column=3)
    planned = JobPlanned(job_id=name, name=name, needs=(), workflow=FILE, span=span)
    return [planned, JobFinished(job_id=name, conclusion=conclusion, at=1.0)]


def finding(code: str, severity: Severity, line: int | None = None, file: str = FILE) -> FindingRaised:
    where = Span(file=file, line=line, column=1) if line else None
    return FindingRaised(finding=Finding(code=code, severity=severity, message=code, hint="", where=where))


def order(*events: RunEvent) -> list[str]:
    return [each.code for each in in_reading_order(replay(events))]


JOBS = [*job("build", 5, Conclusion.SUCCESS), *job("publish", 20, Conclusion.FAILURE)]


def test_a_warning_about_the_failed_job_comes_behind_its_failure() -> None:
    found = order(
        *JOBS,
        finding("of the file", Severity.WARNING, 2),
        finding("of build", Severity.WARNING, 7),
        finding("of the last job", Severity.NOTICE, 21),
        finding("of the last job too", Severity.WARNING, 90),
        finding("elsewhere", Severity.WARNING, 21, "pyproject.toml"),
        finding("the failure", Severity.ERROR, 30),
        finding("of nothing", Severity.ERROR),
    )
    assert found == [
        *("the failure", "of the last job too", "of the last job", "of nothing"),
        *("of the file", "of build", "elsewhere"),
    ]


def test_without_a_failure_the_weight_alone_counts() -> None:
    notice, warning = finding("notice", Severity.NOTICE, 21), finding("warning", Severity.WARNING, 21)
    error = finding("error", Severity.ERROR, 7)
    assert order(*job("publish", 20, Conclusion.SUCCESS), notice, warning, error) == ["error", "warning", "notice"]


def test_the_same_of_several_jobs_is_one_finding() -> None:
    names = [f"test ({number})" for number in range(7)]
    events = [event for name in names for event in job(name, 5, Conclusion.FAILURE)]
    failed = [
        FindingRaised(
            finding=Finding(
                code="step-failed",
                severity=Severity.ERROR,
                message=f"Run tox (job {name}) failed with exit code {code}",
                hint="",
                where=Span(file=FILE, line=9, column=1),
            )
        )
        for name, code in zip(names, (1, 1, 1, 1, 1, 1, 2), strict=True)
    ]
    first, second = in_reading_order(replay([*events, *failed]))
    assert first.message == (
        "Run tox (jobs test (0), test (1), test (2), test (3), test (4) and 1 more) failed with exit code 1"
    )
    assert second.message == "Run tox (job test (6)) failed with exit code 2"

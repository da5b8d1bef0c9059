"""What hangs on a variable that nobody told of is not rehearsed; what is left out for something else is."""

from __future__ import annotations

import pytest

from simulator.findings import Severity
from simulator.operations.unknown_variables import hung_on_variables
from simulator.rehearsal.observer import SkippedStep
from simulator.run_events import Conclusion
from simulator.runner.model import JobResult
from tests.runner.driving import plan_of

WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  publish:
    if: {job}
    runs-on: ubuntu-latest
    permissions: {{id-token: write}}
    steps: [{{uses: pypa/gh-action-pypi-publish@release/v1, if: {step}}}]
"""
FALSE = "its condition is false: vars.PUBLISH == 'yes' is false (nothing against 'yes')"


def found(job: str, step: str, reason: str, conclusion: Conclusion) -> list[tuple[str, tuple[str, ...]]]:
    (planned,) = plan_of(WORKFLOW.format(job=job, step=step)).jobs
    result = JobResult(planned=planned, conclusion=conclusion, reason=reason)
    span = planned.job.all_steps[0].span
    steps = [SkippedStep(job_id="publish", name="Run it", span=span, reason=reason)]
    findings = list(hung_on_variables([result], steps if conclusion is Conclusion.SUCCESS else ()))
    assert all(each.severity is Severity.WARNING for each in findings)
    return [(each.code, each.unrehearsed) for each in findings]


@pytest.mark.parametrize(
    ("job", "step", "reason", "conclusion", "known"),
    [
        ("vars.PUBLISH == 'yes'", "'true'", FALSE, Conclusion.SKIPPED, False),
        ("'true'", "vars.PUBLISH == 'yes'", FALSE, Conclusion.SUCCESS, False),
        (
            "vars.PUBLISH == 'yes' && github.ref == 'x'",
            "'true'",
            "github.ref == 'x' is false",
            Conclusion.SKIPPED,
            True,
        ),
        ("github.ref == 'x'", "'true'", "github.ref == 'x' is false", Conclusion.SKIPPED, True),
        ("vars.PUBLISH == 'yes'", "'true'", FALSE, Conclusion.FAILURE, True),
    ],
)
def test_what_is_left_out(job: str, step: str, reason: str, conclusion: Conclusion, *, known: bool) -> None:
    assert found(job, step, reason, conclusion) == ([] if known else [("variable-not-known", ("publish",))])

"""What a run with faults may say."""

from __future__ import annotations

from dataclasses import replace

from simulator.findings import Severity
from simulator.rehearsal.injected import never_met, with_faults
from simulator.rehearsal.verdict import Judgement
from simulator.remedies import Act, remedy
from simulator.run_events import FaultInjected, FindingRaised, RunEvent, StepFinished, Verdict
from tests.rehearsal.observing import UPLOAD, failed_step, observe

GO = Judgement(verdict=Verdict.GO, reason="2 files were published")
FAULT = FaultInjected(job_id="publish", fault="upload-503=1+", what="upload: 1st request answered with 503")


def test_the_verdict_names_the_faults() -> None:
    said = with_faults(GO, ["slow=2", "oidc-down"], ["slow=2"])
    assert said.reason == "with injected faults (slow=2, oidc-down (never met)): 2 files were published"
    assert said.verdict is Verdict.GO
    assert with_faults(GO, [], []) == GO


def test_a_fault_that_nothing_met_is_a_warning() -> None:
    (finding,) = never_met({"slow=2": "answers are slow", "oidc-down": "no tokens"}, ["slow=2"])
    assert (finding.code, finding.severity) == ("fault-not-met", Severity.WARNING)
    assert finding.message.startswith("The fault oidc-down never took effect: no tokens")


def test_after_an_injected_fault_a_drill_is_what_can_be_asked_for() -> None:
    start, *rest = failed_step("HTTPError: 503 Service Unavailable")
    observer, _ = observe(start, FAULT, *rest)
    assert [finding.remedies for finding in observer.findings] == [(remedy(Act.DRILL),)]


def findings(*events: RunEvent) -> dict[str, str]:
    _, seen = observe(*events)
    return {event.finding.code: event.finding.message for event in seen if isinstance(event, FindingRaised)}


def test_a_step_that_fails_after_a_fault_is_told_with_it() -> None:
    start, *rest = failed_step("HTTPError: 503 Service Unavailable")
    found = findings(start, FAULT, *rest)
    assert list(found) == ["injected-fault"]
    assert "HTTPError: 503" in found["injected-fault"]
    assert "upload-503=1+: upload: 1st request answered with 503" in found["injected-fault"]


def test_what_the_index_says_comes_first() -> None:
    start, *rest = failed_step("HTTPError: 400")
    assert list(findings(start, UPLOAD, FAULT, *rest)) == ["upload-refused"]


def test_a_fault_of_an_earlier_step_explains_nothing() -> None:
    start, _, ended = failed_step("x")
    assert isinstance(ended, StepFinished)
    survived = replace(ended, outcome=ended.outcome.SUCCESS, conclusion=ended.conclusion.SUCCESS)
    assert list(findings(start, FAULT, survived, *failed_step("boom"))) == ["step-failed"]

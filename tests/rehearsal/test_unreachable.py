"""A step that failed for a host out of reach was not rehearsed; one that failed beside it is an error all the same."""

from __future__ import annotations

import pytest

from simulator.findings import Finding, Severity
from simulator.rehearsal.observer import Observer
from simulator.run_events import Conclusion, RunEvent, StepFinished, StepLine, StepStarted, TwinRequest

from .observing import SPAN

HOST = "files.example.org"


def request(status: int = 502, host: str = HOST, twin: str = "outside", path: str = f"{HOST}:443") -> TwinRequest:
    return TwinRequest(job_id="build", twin=twin, method="CONNECT", host=host, path=path, status=status)


def step(*within: RunEvent | str, number: int = 2) -> list[RunEvent]:
    lines = [StepLine(job_id="build", number=number, line=each) if isinstance(each, str) else each for each in within]
    failure = Conclusion.FAILURE
    return [
        StepStarted(job_id="build", number=number, name="Run make", span=SPAN, at=1.0),
        *lines,
        StepFinished(job_id="build", number=number, outcome=failure, conclusion=failure, at=2.0, exit_code=1),
    ]


def judged(*events: RunEvent, offline: bool = False) -> Finding:
    observer = Observer(lambda _: None, offline=offline)
    for event in events:
        observer(event)
    (finding,) = observer.findings
    return finding


@pytest.mark.parametrize(
    "words",
    [
        [f"curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to {HOST}:443"],
        [f"fatal: unable to access 'https://{HOST}/x/': Could not resolve host: {HOST}", "make: *** stopped"],
        [
            f"    fatal: unable to access 'https://{HOST}/x/': The requested URL returned error: 502",
            "lint: exit 3 (0.66 seconds) /work> pre-commit run --all-files pid=101",
            "  lint: FAIL code 3 (9.62=setup[8.96]+cmd[0.66] seconds)",
            "  evaluation failed :( (9.77 seconds)",
        ],
        ["Traceback (most recent call last):", f"requests.exceptions.ConnectionError: HTTPSConnectionPool('{HOST}')"],
        [
            f"Error response from daemon: {HOST}/a is not pulled: where {HOST} leads cannot be seen",
            f"Error: cibuildwheel: Command ['docker', 'create', '{HOST}/a'] failed with code 1.",
        ],
        [
            f"(index: line 61) broken https://{HOST}/a/ - HTTPSConnectionPool(host='{HOST}'): Max retries exceeded",
            "build finished with problems, 79 warnings (with warnings treated as errors).",
            "docs: exit 1 (12.00 seconds) /work> python -m sphinx -W",
        ],
        ["urllib.error.URLError: <urlopen error EOF occurred in violation of protocol>"],
        [],
    ],
)
def test_a_step_that_its_host_stopped(words: list[str]) -> None:
    finding = judged(*step(request(), *words))
    assert (finding.code, finding.severity, finding.where) == ("host-unreachable", Severity.WARNING, SPAN)
    assert finding.message == f"Run make (job build) wanted {HOST}, which this machine cannot reach"
    assert finding.unrehearsed == ("build",)


@pytest.mark.parametrize(
    "within",
    [
        (request(), f"warning: telemetry to {HOST} failed", "FAILED tests/test_it.py::test_it - AssertionError"),
        (request(), "AssertionError: 1 != 2"),
        (request(), request(200), f"error: {HOST} says no"),
        (request(status=403, twin="refused"), f"curl: (56) Connection reset by {HOST}"),
        (request(status=403), f"curl: (22) error: 403 of {HOST}"),
        (f"curl: (6) Could not resolve host: {HOST}",),
    ],
    ids=["telemetry", "its-own", "reached-after-all", "closed-by-rule", "answered", "never-asked"],
)
def test_a_step_that_something_else_stopped(within: tuple[RunEvent | str, ...]) -> None:
    finding = judged(*step(*within))
    assert (finding.code, finding.severity, finding.unrehearsed) == ("step-failed", Severity.ERROR, ())


def test_what_an_earlier_step_could_not_reach() -> None:
    first = [request(), *step("no word", number=1)[:1]]
    assert judged(*first, *step(f"error: {HOST}", number=2)).code == "step-failed"


@pytest.mark.parametrize(
    ("asked", "words", "wanted"),
    [
        (request(403, twin="refused"), f"curl: (35) error in connection to {HOST}:443", HOST),
        (
            request(502, host="github.com", twin="github", path="/a/b"),
            "fatal: unable to access github.com",
            "github.com",
        ),
        (
            request(404, host="index.example", twin="pypi", path="/simple/hatch-vcs/"),
            "ERROR: No matching distribution found for hatch_vcs",
            "index.example for hatch-vcs",
        ),
    ],
)
def test_offline(asked: TwinRequest, words: str, wanted: str) -> None:
    finding = judged(*step(asked, words), offline=True)
    assert (finding.code, finding.unrehearsed) == ("host-unreachable", ("build",))
    assert finding.message == f"Run make (job build) wanted {wanted}, which is not reached offline"
    assert judged(*step(asked, "AssertionError"), offline=True).code == "step-failed"

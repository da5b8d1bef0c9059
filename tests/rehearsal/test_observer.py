"""One cause gives one finding, with its place and what mends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.findings import Finding, Severity
from simulator.indexes import indexes
from simulator.positions import Span
from simulator.publisher_records import ClaimCheck, PublisherForm
from simulator.rehearsal.observer import Observer
from simulator.remedies import Act, remedy
from simulator.run_events import (
    Conclusion,
    FindingRaised,
    JobFinished,
    RunEvent,
    StepFinished,
    StepLine,
    StepStarted,
    TokenExchanged,
    TwinRequest,
)
from tests.rehearsal.observing import SPAN, UPLOAD, failed_step, observe

PYPI, TEST = indexes()["pypi"], indexes()["testpypi"]
EXCHANGE = TokenExchanged(
    job_id="publish",
    index="pypi",
    ok=False,
    publisher=None,
    declared=True,
    claims=(ClaimCheck(claim="workflow", value="pypi.yml", expected="publish.yml", ok=False),),
    error="valid token, but no corresponding publisher (Publisher with matching claims was not found)",
)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Process completed with exit code 1.", "step-failed"),
        ("Unable to download artifact(s): Artifact not found for name: x", "artifact-not-found"),
        ("sigstore.errors.VerificationError: SCT verify failed: keyring: x", "attestations-not-rehearsed"),
        ("sigstore.errors.TUFError: Failed to refresh TUF metadata", "attestations-not-rehearsed"),
        (
            (
                "Trusted publishing exchange failure: GitHub: missing or insufficient OIDC token permissions, the "
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset"
            ),
            "id-token-permission",
        ),
    ],
)
def test_a_failed_step_is_a_finding_at_its_place(message: str, code: str) -> None:
    observer, _ = observe(*failed_step(message))
    assert [(finding.code, finding.where) for finding in observer.findings] == [(code, SPAN)]


def test_what_fails_in_a_job_that_may_is_no_error() -> None:
    *before, end = failed_step("it is broken")
    assert isinstance(end, StepFinished)
    (finding,) = observe(*before, replace(end, forgiven=True))[0].findings
    assert (finding.code, finding.severity) == ("step-failed", Severity.WARNING)
    assert finding.message.endswith("(and its job ends well: continue-on-error)")
    *before, end = within(UPLOAD)
    assert isinstance(end, StepFinished)
    (finding,) = observe(*before, replace(end, forgiven=True))[0].findings
    assert (finding.code, finding.severity) == ("upload-refused", Severity.WARNING)


def test_a_command_that_is_not_there() -> None:
    *before, end = failed_step("Process completed with exit code 127.")
    assert isinstance(end, StepFinished)
    observer, _ = observe(*before, replace(end, exit_code=127))
    (finding,) = observer.findings
    assert finding.hint.startswith("A command was not found")
    assert finding.remedies == (remedy(Act.USE_ENGINE, "docker"),)


@pytest.mark.parametrize("said", ["/tmp/a.sh: line 1: gh: command not found", "/tmp/a.sh: 1: gh: not found"])
def test_a_program_that_github_has_and_the_sandbox_has_not(said: str) -> None:
    start, *before, end = failed_step("Process completed with exit code 127.")
    assert isinstance(end, StepFinished)
    line = StepLine(job_id=end.job_id, number=end.number, line=said)
    observer, _ = observe(start, line, *before, replace(end, exit_code=127))
    (finding,) = observer.findings
    assert (finding.code, finding.would_show) == ("missing-program", None)
    assert "gh is not here, and GitHub's ubuntu-24.04 has it" in finding.message


@pytest.mark.parametrize(("after", "code"), [(2, "missing-program"), (20, "step-failed")])
def test_a_tool_that_finds_no_docker_daemon(after: int, code: str) -> None:
    start, *before, end = failed_step("build failed: docker is not working")
    assert isinstance(end, StepFinished)
    said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    lines = [StepLine(job_id=end.job_id, number=end.number, line=line) for line in (said, *["more"] * after)]
    observer, _ = observe(start, *lines, *before, replace(end, exit_code=7))
    (finding,) = observer.findings
    assert finding.code == code
    assert (finding.remedies == (remedy(Act.USE_ENGINE, "docker"),)) is (after == 2)


def test_a_step_that_fails_offline_may_have_wanted_the_network() -> None:
    observer = Observer(lambda _: None, offline=True)
    for event in failed_step("no such host"):
        observer(event)
    assert "This run was offline" in observer.findings[0].hint


def within(cause: RunEvent, *, conclusion: Conclusion = Conclusion.FAILURE) -> list[RunEvent]:
    start, *rest, end = failed_step("it failed")
    assert isinstance(end, StepFinished)
    return [start, cause, *rest, replace(end, conclusion=conclusion)]


def test_what_only_this_machine_lacks_is_not_what_the_release_would_show() -> None:
    message = "The version '3.99' with architecture 'x64' was not found for Debian 12.\nMore"
    observer, _ = observe(*failed_step(message))
    (finding,) = observer.findings
    assert (finding.code, finding.severity, finding.would_show) == ("python-not-found", Severity.ERROR, message)
    observer, _ = observe(*failed_step(f"{message} GitHub has CPython 3.99."))
    (finding,) = observer.findings
    assert (finding.code, finding.severity, finding.would_show) == ("python-not-available", Severity.WARNING, None)
    assert finding.unrehearsed
    assert finding.remedies == (remedy(Act.USE_ENGINE, "local"),)


@pytest.mark.parametrize(("cause", "code"), [(EXCHANGE, "publisher-mismatch"), (UPLOAD, "upload-refused")])
def test_what_the_index_refused_explains_the_step(cause: RunEvent, code: str) -> None:
    observer, seen = observe(*within(cause))
    assert [(finding.code, finding.where) for finding in observer.findings] == [(code, SPAN)]
    assert isinstance(seen[-1], FindingRaised)
    assert "PyPI refused" in observer.findings[0].message


@pytest.mark.parametrize("cause", [EXCHANGE, UPLOAD])
def test_what_the_index_refused_is_no_error_when_the_step_goes_on(cause: RunEvent) -> None:
    observer, _ = observe(*within(cause, conclusion=Conclusion.SUCCESS), *failed_step("another"))
    assert [(f.code, f.severity) for f in observer.findings][1] == ("step-failed", Severity.ERROR)
    assert observer.findings[0].severity is Severity.NOTICE


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (UPLOAD.message, "Raise the version"),
        ("Invalid or non-existent authentication information.", "begins with pypi-"),
        ("The use of local versions in '1+x' is not allowed.", "after the +"),
        ("'name' is a required field", "metadata"),
    ],
)
def test_a_refused_upload_says_what_to_do(message: str, hint: str) -> None:
    observer, _ = observe(*within(replace(UPLOAD, message=message)))
    assert hint in observer.findings[0].hint


def test_the_field_that_differs_is_named() -> None:
    observer, _ = observe(*within(EXCHANGE))
    assert "workflow is pypi.yml, the publisher says publish.yml" in observer.findings[0].hint


def test_another_refusal_of_an_exchange_is_no_mismatch() -> None:
    observer, _ = observe(*within(replace(EXCHANGE, error="invalid token: already used")))
    assert [(each.code, each.hint.split()[0]) for each in observer.findings] == [("exchange-refused", "Ask")]


def test_what_twine_says_in_lines_and_colours_explains_the_step() -> None:
    start, _, end = failed_step("Process completed with exit code 1.")
    said = (
        "\x1b[31mERROR   \x1b[0m InvalidDistribution: Invalid distribution metadata: '1.x' is   ",
        "         invalid for 'version'",
    )
    lines = [StepLine(job_id="publish", number=2, line=line) for line in (*said, "after it")]
    observer = Observer(lambda _: None)
    observer.use_locations({"version": "pyproject.toml:3"})
    for event in (start, *lines, end):
        observer(event)
    (finding,) = observer.findings
    at = Span(file="pyproject.toml", line=3, column=1)
    assert (finding.code, finding.where) == ("invalid-distribution", at)
    assert "'1.x' is invalid for 'version'" in finding.message
    assert "PEP 440 has them (pyproject.toml:3)" in finding.hint


def test_one_finding_is_reported_once() -> None:
    observer, _ = observe(*failed_step("a"))
    (finding,) = observer.findings
    observer.raise_finding(finding)
    observer(FindingRaised(finding=finding))
    assert list(observer.findings) == [finding]


def test_each_job_has_a_finding_of_its_own() -> None:
    observer, _ = observe(*failed_step("a", "one"), *failed_step("b", "two"), *failed_step("c", "two"))
    assert len(observer.findings) == 2


def test_a_job_that_took_too_long() -> None:
    reason = "The job has exceeded the maximum execution time of 5m0s"
    ended = JobFinished(job_id="publish", conclusion=Conclusion.CANCELLED, at=9.0, reason=reason)
    started = StepStarted(job_id="publish", number=2, name="Run publish", span=SPAN, at=1.0)
    observer, _ = observe(started, ended)
    assert [(finding.code, finding.where) for finding in observer.findings] == [("job-timeout", SPAN)]


def told(code: str, message: str = "told before") -> FindingRaised:
    return FindingRaised(finding=Finding(code=code, severity=Severity.ERROR, message=message, hint="mend it"))


LOCAL = replace(UPLOAD, message="The use of local versions in '1+x' is not allowed.")
TWINE = StepLine(job_id="publish", number=2, line="ERROR `long_description` has syntax errors in markup and")


@pytest.mark.parametrize(
    ("code", "cause"), [("local-version", LOCAL), ("version-mismatch", LOCAL), ("readme-render", TWINE)]
)
def test_a_failure_that_was_foretold_is_no_second_finding(code: str, cause: RunEvent) -> None:
    observer, _ = observe(told(code), *within(cause))
    assert [finding.code for finding in observer.findings] == [code]


def test_a_failure_after_a_foretold_one_that_did_not_matter_is_one() -> None:
    observer, _ = observe(told("local-version"), *within(LOCAL, conclusion=Conclusion.SUCCESS), *failed_step("no"))
    assert [finding.code for finding in observer.findings] == ["local-version", "step-failed"]


@pytest.mark.parametrize(
    ("code", "message", "count"),
    [
        ("entry-point", "The command x needs the module demo.cli, which is not there", 1),
        ("missing-modules", "it lacks demo/other.py; demo/a.py imports demo.other", 2),
    ],
)
def test_an_install_that_fails_as_was_foretold(code: str, message: str, count: int) -> None:
    observer, _ = observe(
        told(code, message), told("install-failed", "demo 1: ModuleNotFoundError: No module named 'demo.cli'")
    )
    assert len(observer.findings) == count


def test_a_refusal_has_the_place_of_what_it_names() -> None:
    observer = Observer(lambda _: None)
    place = Span(file="pyproject.toml", line=3, column=1)
    observer.span_of_words = lambda words: place if "already exists" in words else None
    for event in within(UPLOAD):
        observer(event)
    assert observer.findings[0].where == place


@pytest.mark.parametrize(("pending", "found"), [((True, True), 1), ((True, False), 0), ((True,), 0)])
def test_new_projects_that_no_form_takes_beside_each_other(pending: tuple[bool, ...], found: int) -> None:
    forms = tuple(
        PublisherForm(
            project=f"demo-{number}",
            owner="octo",
            repository="demo",
            workflow="pypi.yml",
            environment="",
            pending=new,
            page="https://index.example/form",
        )
        for number, new in enumerate(pending)
    )
    observer = Observer(lambda _: None)
    observer(replace(EXCHANGE, ok=True, error=None, declared=False, forms=forms))
    assert [finding.code for finding in observer.findings] == ["pending-publishers"] * found
    assert all("the files of demo-1" in str(finding.would_show) for finding in observer.findings)
    assert all(finding.remedies == (remedy(Act.IMPORT_PROJECT),) for finding in observer.findings)


def test_a_publisher_that_fits_and_is_refused_is_not_in_force() -> None:
    seen: list[RunEvent] = []
    observer = Observer(seen.append)
    fits = ClaimCheck(claim="workflow", value="pypi.yml", expected="pypi.yml", ok=True)
    for event in (replace(EXCHANGE, claims=(fits,)), *failed_step("Trusted publishing exchange failure")):
        observer(event)
    (finding,) = observer.findings
    assert finding.code == "publisher-mismatch"
    assert "expires 30 days" in finding.hint


def test_where_no_publisher_is_near_one_is_to_be_registered_and_declared() -> None:
    observer, _ = observe(*within(replace(EXCHANGE, claims=(), index="testpypi")))
    (finding,) = observer.findings
    assert finding.hint.startswith("Register a trusted publisher at TestPyPI")
    assert finding.remedies == (remedy(Act.ADD_PUBLISHER, index="testpypi"), remedy(Act.EXPLAIN_TOKENS))


@pytest.mark.parametrize(
    ("twin", "method", "host", "path", "found"),
    [
        ("unanswered", "GET", f"upload.{TEST.main_host}", "/_/oidc/audience", True),
        ("unanswered", "POST", f"test.{PYPI.upload_host}", "/legacy/", True),
        ("pypi", "POST", PYPI.main_host, "/legacy/", True),
        ("testpypi", "POST", TEST.upload_host, "/simple/", True),
        ("testpypi", "POST", TEST.upload_host, "/legacy", False),
        ("testpypi", "POST", TEST.upload_host, "/_/oidc/mint-token", False),
        ("unanswered", "GET", f"docs.{PYPI.main_host}", "/", False),
        ("unanswered", "POST", "x.actions.githubusercontent.com", "/legacy/", False),
    ],
)
def test_an_address_that_no_index_has(*, twin: str, method: str, host: str, path: str, found: bool) -> None:
    start, said, end = failed_step("HTTPError: 404 Not Found")
    request = TwinRequest(job_id="publish", twin=twin, method=method, host=host, path=path, status=404)
    observer, _ = observe(start, request, said, end)
    (finding,) = observer.findings
    assert (finding.code == "index-address") is found
    if found:
        right = PYPI if host == PYPI.main_host else TEST
        assert finding.message.startswith(f"Job publish asked https://{host}{path}, ")
        assert finding.hint == f"Publish to {right.upload_url}"


def test_what_a_stand_in_for_another_index_refuses() -> None:
    refused = replace(UPLOAD, index="pkgs.corp.example", status=401, message="Unauthorized: no credential was sent")
    start, said, end = failed_step("HTTPError: 401 Unauthorized")
    observer, _ = observe(start, refused, said, end)
    (finding,) = observer.findings
    assert finding.code == "upload-refused"
    assert "the stand-in for pkgs.corp.example with 401" in finding.message
    assert not observer.offered


def test_what_a_job_looked_up_and_did_not_offer() -> None:
    def page(job: str, path: str) -> TwinRequest:
        return TwinRequest(job_id=job, twin="pypi", method="GET", host=PYPI.main_host, path=path, status=200)

    asked = [page("publish", "/simple/Demo_X/"), page("publish", "/pypi/other/json"), page("publish", "/help/")]
    observer, _ = observe(*asked, page("build", "/simple/demo/"), replace(UPLOAD, job_id="build", status=200))
    assert observer.looked_up("publish") == {("pypi", "demo-x"), ("pypi", "other")}
    assert not observer.looked_up("build")

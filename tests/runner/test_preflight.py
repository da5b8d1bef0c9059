"""What pysim cannot rehearse is a finding at its place before anything runs, and never a success."""

from __future__ import annotations

import pytest

from simulator.actions.model import LocalReference, Reference, ResolvedAction
from simulator.actions.refs import RefState
from simulator.actions.resolve import resolve
from simulator.actions.survey import ActionSurvey
from simulator.findings import Severity
from simulator.positions import Span
from simulator.remedies import Act, Remedy, remedy
from simulator.runner.preflight import preflight
from tests.runner.driving import plan_of

JOB = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
MATRIX = "on: push\njobs:\n  a:\n    strategy: {matrix: {os: [ubuntu-24.04, windows-latest, ubuntu-latest]}}\n"

MANY = """on: push
jobs:
  a:
    strategy: {matrix: {os: [macos-15, ubuntu-latest, windows-2022], v: [1, 2, 3, 4, 5]}}
    runs-on: ${{ matrix.os }}
    steps:
      - if: runner.os == 'macOS' && matrix.v < 3
        uses: actions/upload-artifact@v4
        with: {name: 'w-${{ matrix.v }}'}
  b:
    needs: a
    runs-on: ubuntu-latest
    steps: [{uses: actions/download-artifact@v4}]
"""
CONTAINERS = JOB + "    container: python:3\n    services: {db: {image: postgres}}\n    steps: [{run: say x}]"
CASES = {
    "nothing": (JOB + "    steps: [{run: say x}, {uses: actions/checkout@v4}, {uses: ./own}]", {}),
    "a container, services": (CONTAINERS, {}),
    "an env that is one expression": (
        JOB + "    env: ${{ fromJSON('{}') }}\n    steps: [{run: say x}]",
        {"4:14": "Job a is not rehearsed: pysim does not carry out `env: ${{ }}` yet; it uploads nothing"},
    ),
    "an env of the file that is one": (
        "on: push\nenv: ${{ fromJSON('{}') }}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: say x}]}}",
        {"2:6": "The workflow uses `env: ${{ }}`, which pysim does not carry out yet"},
    ),
    "a called workflow that is not at hand": (
        "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/b.yml@v1",
        {
            "4:11": "Job a is not rehearsed: the workflow o/r/.github/workflows/b.yml@v1 that it calls is not at hand",
        },
    ),
    "steps and actions of a job that is not run here": (
        "on: push\njobs:\n  a: {runs-on: macos-15, container: x, steps: [{uses: 'docker://'}]}",
        {"3:16": "Job a is not rehearsed: pysim has no runner for macos-15; it uploads nothing"},
    ),
    "a runner of another system": (
        "on: push\njobs:\n  a: {runs-on: [self-hosted, macos], steps: [{run: say x}]}",
        {"3:17": "Job a is not rehearsed: pysim has no runner for self-hosted, macos; it uploads nothing"},
    ),
    "a runner of another system in the middle of a matrix": (
        MATRIX + "    runs-on: ${{ matrix.os }}\n    steps: [{run: say x}]",
        {"5:14": "Job a (windows-latest) is not rehearsed: pysim has no runner for windows-latest; it uploads nothing"},
    ),
    "many jobs of a matrix on one, said once": (
        MANY,
        {
            "5:14 macos-15": "Jobs a (macos-15, 1) and a (macos-15, 2) are not rehearsed: "
            "pysim has no runner for macos-15, and nothing stands for w-1 and w-2",
            "5:14 macos-15, the others": "Jobs a (macos-15, 3), a (macos-15, 4) and a (macos-15, 5) are not rehearsed: "
            "pysim has no runner for macos-15; they upload nothing",
            "5:14 windows-2022": "Jobs a (windows-2022, 1), a (windows-2022, 2), a (windows-2022, 3) and 2 more of its "
            "matrix are not rehearsed: pysim has no runner for windows-2022; they upload nothing",
        },
    ),
    "a publishing job on one": (
        "on: push\njobs:\n  a: {runs-on: windows-2022, steps: [{run: twine upload dist/*}]}",
        {"3:16": "Job a is not rehearsed: pysim has no runner for windows-2022; it uploads nothing"},
    ),
    "a runner of one's own": (
        "on: push\njobs:\n  a: {runs-on: [self-hosted, Linux], steps: [{run: say x}]}",
        {"3:17": "Job a runs on self-hosted, Linux, which is taken to be an Ubuntu runner of GitHub's"},
    ),
    "a label that says nothing": (
        "on: push\njobs:\n  a: {runs-on: build-box, steps: [{run: say x}]}",
        {"3:16": "Job a runs on build-box, which is taken to be Linux, and like an Ubuntu runner"},
    ),
    "an ARM machine": (
        "on: push\njobs:\n  a: {runs-on: ubuntu-24.04-arm, steps: [{run: say x}]}",
        {"3:16": "Job a runs on ubuntu-24.04-arm, an ARM machine, and here on the processor of this one"},
    ),
    "an image that GitHub removed": (
        "on: push\njobs:\n  a: {runs-on: ubuntu-20.04, steps: [{run: say x}]}",
        {"3:16": "Job a runs on ubuntu-20.04, which GitHub removed on 2025-04-15: it never starts"},
    ),
    "labels that are not known yet": (
        JOB + "    outputs: {os: x}\n    steps: [{run: say x}]\n"
        "  b: {needs: a, runs-on: '${{ needs.a.outputs.os }}', steps: [{run: say x}]}",
        {},
    ),
    "a job that does not run": (
        "on: push\njobs:\n  a: {if: \"github.ref_type == 'branch'\", runs-on: macos-15, steps: [{run: say x}]}",
        {},
    ),
    "an action that nobody knows": (
        JOB + "    steps: [{uses: some/thing@v1}]",
        {"5:20": "pysim cannot run some/thing@v1: it is not built in, and nothing is fetched here"},
    ),
    "no reference": (
        JOB + "    steps: [{uses: 'docker://'}]",
        {"5:20": "Expected docker://image. Actual 'docker://'"},
    ),
}


def known(reference: Reference) -> ResolvedAction | None:
    return None if isinstance(reference, LocalReference) else resolve(reference, workspace_read=None)


@pytest.mark.parametrize(("text", "found"), CASES.values(), ids=CASES)
def test_findings(text: str, found: dict[str, str]) -> None:
    findings = preflight(plan_of(text), ActionSurvey(known))
    faults = {"runner-retired", "action-reference"}
    lacks = {"key-not-rehearsed", "job-not-rehearsed"}
    assert {finding.code for finding in findings} <= {*faults, *lacks, "runner-assumed", "action-not-rehearsed"}
    assert all((finding.severity is Severity.ERROR) is (finding.code in faults) for finding in findings)
    assert all(bool(finding.unrehearsed) is (finding.code in lacks) for finding in findings)
    said = [
        (f"{finding.where.line}:{finding.where.column}" if isinstance(finding.where, Span) else "", finding.message)
        for finding in findings
    ]
    assert sorted(said) == sorted((place.partition(" ")[0], message) for place, message in found.items())
    assert all(finding.hint for finding in findings)


def test_what_can_be_asked_for_instead() -> None:
    def remedies(text: str, no_containers: str | None = None) -> list[tuple[Remedy, ...]]:
        found = preflight(plan_of(text), ActionSurvey(known), no_containers=lambda: no_containers)
        return [finding.remedies for finding in found]

    upload = "{uses: actions/upload-artifact@v4, with: {name: NAME, path: x}}"
    steps = ", ".join(upload.replace("NAME", name) for name in ("wheels", "docs"))
    takes = "  b: {runs-on: ubuntu-latest, steps: [{uses: actions/download-artifact@v4}]}"
    assert remedies(f"on: push\njobs:\n  a: {{runs-on: macos-15, steps: [{steps}]}}\n{takes}") == [
        (remedy(Act.SUPPLY_ARTIFACT, "wheels"), remedy(Act.SUPPLY_ARTIFACT, "docs"))
    ]
    assert remedies(CONTAINERS, "there is no daemon")[:1] == [(remedy(Act.USE_ENGINE, "docker"),)]


def test_a_job_that_is_not_run_is_named() -> None:
    text = "on: push\njobs:\n  a: {runs-on: macos-15, steps: [{run: twine upload dist/*}]}"
    (finding,) = preflight(plan_of(text), ActionSurvey(known))
    assert (finding.severity, finding.unrehearsed) == (Severity.WARNING, ("a",))
    assert finding.hint == "What it publishes cannot be rehearsed here. A job on ubuntu-latest could be."


def test_a_ref_that_nothing_knows_holds_back_the_jobs_that_use_it() -> None:
    steps = "steps: [{uses: actions/checkout@v99}]"
    text = (
        f"on: push\njobs:\n  a: {{runs-on: ubuntu-latest, {steps}}}\n"
        f"  b: {{strategy: {{matrix: {{v: [1, 2]}}}}, runs-on: ubuntu-latest, {steps}}}"
    )
    survey = ActionSurvey(known, ref_state=lambda _: RefState(state="unknown", why="the list is old"))
    found = preflight(plan_of(text), survey)
    assert [(finding.code, finding.unrehearsed) for finding in found] == [
        ("unverified-version", ("a",)),
        ("unverified-version", ("b (1)", "b (2)")),
    ]


def test_containers_where_there_are_none() -> None:
    (finding,) = preflight(plan_of(CONTAINERS), ActionSurvey(known), no_containers=lambda: "there is no daemon")
    assert (finding.code, finding.severity) == ("job-not-rehearsed", Severity.WARNING)
    said = "Job a is not rehearsed: it uses containers, and there is no daemon; it uploads nothing"
    assert (finding.message, finding.unrehearsed) == (said, ("a",))


def test_a_service_that_no_step_reaches() -> None:
    job = CONTAINERS.replace("container: python:3", "services: {a: {image: x, ports: [1]}, b: {image: x}}")
    text = job.replace("    services: {db: {image: postgres}}\n", "")
    (finding,) = preflight(plan_of(text), ActionSurvey(known))
    assert (finding.code, finding.severity) == ("service-unreachable", Severity.WARNING)
    assert "the service b" in finding.message

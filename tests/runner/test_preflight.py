"""What pysim cannot rehearse is a finding at its place before anything runs, and never a success."""

from __future__ import annotations

import pytest

from simulator.actions.model import LocalReference, Reference, ResolvedAction
from simulator.actions.resolve import resolve
from simulator.actions.survey import ActionSurvey
from simulator.findings import Severity
from simulator.positions import Span
from simulator.runner.preflight import preflight
from tests.runner.driving import plan_of

JOB = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
MATRIX = "on: push\njobs:\n  a:\n    strategy: {matrix: {os: [ubuntu-24.04, windows-latest, ubuntu-latest]}}\n"

CASES = {
    "nothing": (JOB + "    steps: [{run: say x}, {uses: actions/checkout@v4}, {uses: ./own}]", {}),
    "a background step": (
        JOB + "    steps:\n      - run: serve\n        background: true\n      - run: say x",
        {"7:9": "Job a uses `background:`, which pysim does not carry out yet"},
    ),
    "steps that steer others": (
        JOB + "    steps:\n      - {id: s, run: serve, background: true}\n      - wait: s\n      - cancel: s\n"
        "      - wait-all:\n      - parallel: [{run: say x}]",
        {
            "6:29": "Job a uses `background:`, which pysim does not carry out yet",
            "7:9": "Job a uses `wait:`, which pysim does not carry out yet",
            "8:9": "Job a uses `cancel:`, which pysim does not carry out yet",
            "9:9": "Job a uses `wait-all:`, which pysim does not carry out yet",
            "10:9": "Job a uses `parallel:`, which pysim does not carry out yet",
        },
    ),
    "a container, services": (
        JOB + "    container: python:3\n    services: {db: {image: postgres}}\n    steps: [{run: say x}]",
        {
            "5:5": "Job a uses `container:`, which pysim does not carry out yet",
            "6:5": "Job a uses `services:`, which pysim does not carry out yet",
        },
    ),
    "an env that is one expression": (
        JOB + "    env: ${{ fromJSON('{}') }}\n    steps: [{run: say x}]",
        {"5:10": "Job a uses `env: ${{ }}`, which pysim does not carry out yet"},
    ),
    "an env of the file that is one": (
        "on: push\nenv: ${{ fromJSON('{}') }}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: say x}]}}",
        {"2:6": "The workflow uses `env: ${{ }}`, which pysim does not carry out yet"},
    ),
    "a called workflow that is not at hand": (
        "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/b.yml@v1",
        {
            "4:11": "Job a calls the workflow o/r/.github/workflows/b.yml@v1, which is not at hand",
        },
    ),
    "a runner of another system": (
        "on: push\njobs:\n  a: {runs-on: [self-hosted, macos], steps: [{run: say x}]}",
        {"3:17": "Job a runs on self-hosted, macos, and pysim has Linux runners (ubuntu-*) alone"},
    ),
    "a runner of another system in the middle of a matrix": (
        MATRIX + "    runs-on: ${{ matrix.os }}\n    steps: [{run: say x}]",
        {"5:14": "Job a runs on windows-latest, and pysim has Linux runners (ubuntu-*) alone"},
    ),
    "labels that are not known yet": (
        JOB + "    outputs: {os: x}\n    steps: [{run: say x}]\n"
        "  b: {needs: a, runs-on: '${{ needs.a.outputs.os }}', steps: [{run: say x}]}",
        {},
    ),
    "a job that does not run": (
        "on: push\njobs:\n  a: {if: \"github.ref_type == 'branch'\", runs-on: macos-14, steps: [{run: say x}]}",
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
    assert all(finding.severity is Severity.ERROR and finding.code == "unsupported" for finding in findings)
    places = {
        f"{finding.where.line}:{finding.where.column}" if isinstance(finding.where, Span) else "": finding.message
        for finding in findings
    }
    assert places == found
    assert len(findings) == len(found)
    assert all(finding.hint for finding in findings)

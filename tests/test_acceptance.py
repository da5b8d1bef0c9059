"""What is known and accepted keeps no verdict back, until it runs out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.acceptance import Acceptance, Acceptances
from simulator.findings import Finding, Severity

LACK = Finding(
    code="action-not-rehearsed",
    severity=Severity.WARNING,
    message="octo/sign@v1 signs",
    hint="",
    where="release.yml:7:9",
    unrehearsed=("build",),
)
ERROR = Finding(code="missing-id-token", severity=Severity.ERROR, message="no token", hint="")


@pytest.mark.parametrize(
    ("what", "fits"),
    [
        ("action-not-rehearsed", True),
        ("action-not-rehearsed: Octo/Sign", True),
        ("action-not-rehearsed:release.yml:7", True),
        ("action-not-rehearsed: other/action", False),
        ("action", False),
        ("missing-id-token", False),
    ],
)
def test_what_it_is_about(what: str, fits: bool) -> None:
    found = Acceptances([Acceptance(what=what, reason="known")]).weigh(LACK)
    assert (found.accepted == "known") is fits
    assert found.message.endswith(" (accepted)") is fits
    assert found.unrehearsed == LACK.unrehearsed


def test_an_error_becomes_a_warning() -> None:
    found = Acceptances([Acceptance(what="missing-id-token", reason="known")]).weigh(ERROR)
    assert (found.severity, found.accepted) == (Severity.WARNING, "known")


def test_what_keeps_no_verdict_back_stays_as_it_is() -> None:
    warning = replace(ERROR, severity=Severity.WARNING)
    acceptances = Acceptances([Acceptance(what="missing-id-token", reason="known")])
    assert acceptances.weigh(warning) == warning
    assert not list(acceptances.problems())


def test_what_has_run_out_and_what_fits_nothing_is_told() -> None:
    over = Acceptance(what="missing-id-token", reason="known", until=10.0, source="pysim.toml:3")
    idle = Acceptance(what="other", reason="known")
    acceptances = Acceptances([over, idle], now=10.0)
    assert acceptances.weigh(ERROR) == ERROR
    assert [(each.code, each.severity, each.where) for each in acceptances.problems()] == [
        ("acceptance-over", Severity.WARNING, "pysim.toml:3"),
        ("acceptance-unused", Severity.WARNING, None),
    ]

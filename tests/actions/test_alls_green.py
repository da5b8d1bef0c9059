"""alls-green: which results of needed jobs are green, what it says and gives out."""

from __future__ import annotations

import json

import pytest

from tests.actions.driving import Driver

ALLS_GREEN = "re-actors/alls-green@release/v1"


def needs(**results: str) -> str:
    return json.dumps({name: {"result": result, "outputs": {}} for name, result in results.items()})


@pytest.mark.parametrize(
    ("jobs", "failures", "skips", "green"),
    [
        (needs(a="success", b="success"), "[]", "[]", True),
        (needs(a="success", b="failure"), "[]", "[]", False),
        (needs(a="success", b="skipped"), "[]", "[]", False),
        (needs(a="success", b="cancelled"), "[]", "[]", False),
        (needs(a="success", b="failure"), "b", "", True),
        (needs(a="success", b="skipped"), "", '["b"]', True),
        (needs(a="success", b="failure"), "[]", "a, b", False),
        (needs(a="success", b="failure"), "a, b", "b", False),
    ],
)
def test_verdicts(driver: Driver, jobs: str, failures: str, skips: str, green: bool) -> None:
    done = driver.run(ALLS_GREEN, {"jobs": jobs, "allowed-failures": failures, "allowed-skips": skips})
    assert done.code == (0 if green else 1)
    assert done.outputs == {
        "failure": str(not green).lower(),
        "result": "success" if green else "failure",
        "success": str(green).lower(),
    }
    assert done.said("error") == ([] if green else ["Process completed with exit code 1."])


def test_what_it_says(driver: Driver) -> None:
    jobs = needs(build="success", docs="failure", linters="skipped")
    done = driver.run(ALLS_GREEN, {"jobs": jobs, "allowed-failures": "docs", "allowed-skips": "linters"})
    lines = [
        "# ✓ All of the required dependency jobs succeeded 🎉🎉🎉",
        "",
        "🛈 Some of the allowed to fail jobs did not succeed.",
        "🛈 Some of the allowed to be skipped jobs did not succeed.",
        "📝 Job statuses:",
        "📝 build → ✓ success [required to succeed]",
        "📝 docs → ❌ failure [allowed to fail]",
        "📝 linters → ⬜ skipped [required to succeed or be skipped]",
    ]
    assert done.lines == lines
    assert done.summary.splitlines() == lines


@pytest.mark.parametrize(
    ("jobs", "said"), [("{}", "# ❌ Invalid input jobs matrix"), ("needs", "json.decoder"), ("[1]", "The input `jobs`")]
)
def test_what_are_no_jobs(driver: Driver, jobs: str, said: str) -> None:
    done = driver.run(ALLS_GREEN, {"jobs": jobs})
    assert (done.code, done.outputs) == (1, {})
    assert done.lines[0].startswith(said)

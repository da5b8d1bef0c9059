"""What the rules of an environment say of a job."""

from __future__ import annotations

import pytest

from simulator.environments.evaluation import evaluate
from simulator.environments.model import EnvironmentRules, Gate
from simulator.environments.policy import may_deploy
from simulator.triggers.model import Event


def event(ref: str) -> Event:
    return Event(name="push", ref=ref, sha="a" * 40, payload={})


TAG, BRANCH = event("refs/tags/v1"), event("refs/heads/main")


def judge(rules: EnvironmentRules, subject: Event = TAG, name: str = "pypi") -> Gate:
    return evaluate({rules.name: rules}, name, subject)


def test_what_nobody_declares_is_open() -> None:
    gate = evaluate({"testpypi": EnvironmentRules(name="testpypi", reviewers=("ada",))}, "pypi", TAG)
    assert gate == Gate(allowed=True, reason="no protection rule is declared for pypi")


@pytest.mark.parametrize(
    ("rules", "subject", "reason"),
    [
        (EnvironmentRules(name="pypi"), TAG, "every branch and tag may deploy"),
        (EnvironmentRules(name="pypi", tags=("v*",)), TAG, "tag v1 matches v*"),
        (EnvironmentRules(name="pypi", tags=("x", "v?")), TAG, "tag v1 matches v?"),
        (EnvironmentRules(name="pypi", branches=("main",), tags=("v*",)), BRANCH, "branch main matches main"),
        (
            EnvironmentRules(name="pypi", wait_timer=9),
            TAG,
            "every branch and tag may deploy; GitHub would wait 9 min first",
        ),
    ],
)
def test_allowed(rules: EnvironmentRules, subject: Event, reason: str) -> None:
    assert judge(rules, subject) == Gate(allowed=True, reason=reason)


@pytest.mark.parametrize(
    ("rules", "subject", "start"),
    [
        (EnvironmentRules(name="pypi", tags=("r*",)), TAG, 'Tag "v1"'),
        (EnvironmentRules(name="pypi", branches=("v1",)), TAG, 'Tag "v1"'),
        (EnvironmentRules(name="pypi", tags=()), TAG, 'Tag "v1"'),
        (EnvironmentRules(name="pypi", tags=("*",)), BRANCH, 'Branch "main"'),
    ],
)
def test_refused_in_the_words_of_github(rules: EnvironmentRules, subject: Event, start: str) -> None:
    gate = judge(rules, subject)
    assert gate.reason == f"{start} is not allowed to deploy to pypi due to environment protection rules."
    assert not gate.allowed


def test_a_review_that_nobody_gives() -> None:
    gate = judge(EnvironmentRules(name="pypi", tags=("v*",), reviewers=("ada", "team/release"), variables={"A": "b"}))
    assert not gate.allowed
    assert "ada or team/release" in gate.reason
    assert gate.variables == {}


def test_the_policy_comes_before_the_review() -> None:
    assert "not allowed to deploy" in judge(EnvironmentRules(name="pypi", tags=("r*",), reviewers=("ada",))).reason


def test_variables_and_secrets_come_with_the_environment() -> None:
    rules = EnvironmentRules(name="PyPI", variables={"REGION": "eu"}, secrets=("TOKEN",))
    gate = judge(rules, name="pypi")
    assert (gate.variables, gate.secret_names) == ({"REGION": "eu"}, ("TOKEN",))


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("v*", "v1.0", True),
        ("v*", "v1/rc", False),
        ("release/*", "release/1", True),
        ("release/*", "release/1/a", False),
        ("release/**/*", "release/1/a", True),
        ("release/**/*", "release/1", True),
        ("**/x", "a/b/x", True),
        ("**/x", "x", True),
        ("v**", "v/1", False),
        ("v?", "v1", True),
        ("v?", "v", False),
        ("v?", "v/", False),
        ("v[0-9]", "v7", True),
        ("v[^0-9]", "v7", False),
        ("v[!0-9]", "vx", True),
        ("v[0-9", "v[0-9", True),
        (r"v\*", "v*", True),
        (r"v\*", "v1", False),
        ("main", "main", True),
        ("main", "Main", False),
        ("v+", "v+", True),
        ("v+", "vv", False),
    ],
)
def test_patterns_of_a_policy(pattern: str, name: str, expected: bool) -> None:
    assert may_deploy(pattern, name) is expected

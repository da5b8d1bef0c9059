"""What the rules of an environment say of a job."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

from simulator.environments.evaluation import REJECTED, Deployments
from simulator.environments.model import Ask, EnvironmentRules, Gate, Pause, Review
from simulator.environments.policy import may_deploy
from simulator.run_events import RunEvent
from simulator.triggers.model import Event


def event(ref: str) -> Event:
    return Event(name="push", ref=ref, sha="a" * 40, payload={})


TAG, BRANCH = event("refs/tags/v1"), event("refs/heads/main")


def judge(rules: EnvironmentRules, subject: Event = TAG, name: str = "pypi", **options: Any) -> Gate:
    deployments = Deployments({rules.name: rules}, actor="grace", **options)
    return deployments.enter(name, subject, lambda _: False)


class Person:
    """Somebody who is asked: gives one answer, and remembers the questions."""

    def __init__(self, answer: Review | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        assert not pause(0)
        self.asked.append((environment, people))
        return self.answer


def test_what_nobody_declares_is_open_and_not_protected() -> None:
    gate = judge(EnvironmentRules(name="testpypi", reviewers=("ada",)))
    assert gate == Gate(allowed=True, declared=False, reason="no protection rule is declared for pypi")


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
        (EnvironmentRules(name="pypi", protected_branches=True), BRANCH, 'Branch "main"'),
    ],
)
def test_refused_in_the_words_of_github(rules: EnvironmentRules, subject: Event, start: str) -> None:
    gate = judge(rules, subject)
    assert gate.reason == f"{start} is not allowed to deploy to pypi due to environment protection rules."
    assert (gate.allowed, gate.paused) == (False, False)


def test_protected_branches_take_no_tag() -> None:
    rules = EnvironmentRules(name="pypi", protected_branches=True)
    assert judge(rules, BRANCH, protected=True) == Gate(allowed=True, reason="branch main is protected")
    assert not judge(rules, TAG, protected=True).allowed


REVIEWED = EnvironmentRules(
    name="pypi", tags=("v*",), reviewers=("ada", "octo/release"), variables={"A": "b"}, secrets=("TOKEN",)
)


@pytest.mark.parametrize("ask", [None, Person(None)])
def test_a_review_that_nobody_gives_pauses(ask: Ask | None) -> None:
    gate = judge(REVIEWED, ask=ask)
    assert (gate.allowed, gate.paused) == (False, True)
    assert gate.reason == "The deployment to pypi waits for a review by ada or octo/release."
    assert (gate.variables, gate.secret_names) == ({}, ())


def test_an_approval_lets_in_and_brings_variables_and_secrets() -> None:
    gate = judge(REVIEWED, ask=Person(Review(approved=True, reviewer="ada", comment="ship it")))
    assert gate.allowed
    assert gate.reason == "approved by ada: ship it; tag v1 matches v*"
    assert (gate.variables, gate.secret_names) == ({"A": "b"}, ("TOKEN",))


@pytest.mark.parametrize("name", ["pypi", "PyPI"])
def test_a_rejection_is_told_in_the_words_of_github(name: str) -> None:
    gate = judge(REVIEWED, answers={name: False})
    assert (gate.allowed, gate.paused, gate.reason) == (False, False, REJECTED)
    assert gate.variables == {}


def test_an_answer_given_beforehand_spares_the_question() -> None:
    person = Person(None)
    assert judge(REVIEWED, name="PYPI", answers={"pypi": True}, ask=person).allowed
    assert person.asked == []


def test_one_review_holds_for_all_jobs_of_a_run() -> None:
    person = Person(Review(approved=True, reviewer="ada"))
    deployments = Deployments({"pypi": REVIEWED}, actor="grace", ask=person)
    assert all(deployments.enter(name, TAG, lambda _: False).allowed for name in ("pypi", "PyPI"))
    assert person.asked == [("pypi", ("ada", "octo/release"))]


def test_who_starts_the_run_does_not_review_it() -> None:
    person = Person(None)
    both = EnvironmentRules(name="pypi", reviewers=("Grace", "ada"), prevent_self_review=True)
    judge(both, ask=person)
    assert person.asked == [("pypi", ("ada",))]
    alone = judge(EnvironmentRules(name="pypi", reviewers=("Grace",), prevent_self_review=True), answers={"pypi": True})
    assert (alone.allowed, alone.paused) == (False, False)
    assert alone.reason.startswith("Nobody may approve the deployment to pypi: grace starts the run")


def test_the_policy_comes_before_the_review() -> None:
    person = Person(Review(approved=True, reviewer="ada"))
    rules = EnvironmentRules(name="pypi", tags=("r*",), reviewers=("ada",))
    assert "not allowed to deploy" in judge(rules, ask=person).reason
    assert person.asked == []


def test_a_timer_is_waited_for_in_real_time() -> None:
    seen: list[RunEvent] = []
    waited: list[float] = []

    def pause(seconds: float, *, cancelled: bool) -> bool:
        waited.append(seconds)
        return cancelled

    def enter(*, cancelled: bool) -> Gate:
        rules = EnvironmentRules(name="pypi", wait_timer=2, variables={"A": "b"})
        deployments = Deployments({"pypi": rules}, actor="ada", real_time=True, emit=seen.append)
        return deployments.enter("pypi", TAG, partial(pause, cancelled=cancelled))

    began = time.monotonic()
    assert enter(cancelled=False).reason == "every branch and tag may deploy; waited 2 min"
    stopped = enter(cancelled=True)
    assert (stopped.allowed, stopped.variables) == (False, {})
    assert waited == [pytest.approx(120, abs=time.monotonic() - began + 0.1)] * 2
    assert "the wait timer of pypi runs: 2 min" in repr(seen[0])


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

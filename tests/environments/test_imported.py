"""Environments as GitHub's API tells of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.environments.imported import Answer, Imported, import_environments
from simulator.environments.model import EnvironmentRules
from simulator.errors import UsageError

REVIEWERS = {
    "id": 2,
    "type": "required_reviewers",
    "prevent_self_review": True,
    "reviewers": [
        {"type": "User", "reviewer": {"login": "ada", "id": 1}},
        {"type": "Team", "reviewer": {"slug": "release", "html_url": "https://github.com/orgs/octo/teams/release"}},
    ],
}


def environment(name: str, *rules: object, policy: object = None) -> dict[str, Any]:
    return {"id": 1, "name": name, "protection_rules": list(rules), "deployment_branch_policy": policy}


def listed(*found: object, total: int | None = None) -> dict[str, Any]:
    return {"total_count": len(found) if total is None else total, "environments": list(found)}


def policies(*found: tuple[str, str]) -> dict[str, Any]:
    return {"total_count": len(found), "branch_policies": [{"id": 3, "name": n, "type": kind} for kind, n in found]}


def read(*answers: object) -> Imported:
    """Import answers; a pair is one with the name of its environment."""
    pairs = [each if isinstance(each, tuple) else (None, each) for each in answers]
    files = [Answer(text=json.dumps(found), file="a.json", environment=name) for name, found in pairs]
    return import_environments(files)


CHOSEN = {"protected_branches": False, "custom_branch_policies": True}


def test_all_rules() -> None:
    timer = {"id": 1, "type": "wait_timer", "wait_timer": 30}
    found = environment("pypi", timer, REVIEWERS, {"id": 4, "type": "branch_policy"}, policy=CHOSEN)
    assert read(listed(found), policies(("tag", "v*"), ("branch", "main"))) == Imported(
        environments=(
            EnvironmentRules(
                name="pypi",
                tags=("v*",),
                branches=("main",),
                reviewers=("ada", "octo/release"),
                prevent_self_review=True,
                wait_timer=30,
            ),
        )
    )


def test_a_wait_timer_that_is_no_number() -> None:
    timer = {"id": 1, "type": "wait_timer", "wait_timer": "30"}
    with pytest.raises(UsageError, match="wait timer of pypi is '30', not a number of minutes"):
        read(listed(environment("pypi", timer)))


def test_policies_by_name() -> None:
    both = listed(environment("pypi", policy=CHOSEN), environment("docs", policy=CHOSEN))
    found = read(both, ("PyPI", policies(("tag", "v*"))), ("docs", policies(("branch", "main"))))
    assert [(each.branches, each.tags) for each in found.environments] == [((), ("v*",)), (("main",), ())]


def test_protected_branches_and_nothing_at_all() -> None:
    guarded = environment("a", policy={"protected_branches": True, "custom_branch_policies": False})
    first, second = read(listed(guarded), environment("b")).environments
    assert first == EnvironmentRules(name="a", protected_branches=True)
    assert (second, second.protects) == (EnvironmentRules(name="b"), False)


def test_a_rule_that_is_githubs_to_evaluate_is_told() -> None:
    (note,) = read(listed(environment("pypi", {"id": 1, "type": "some_app"}))).notes
    assert "pypi: the rule some_app" in note


@pytest.mark.parametrize(
    ("answers", "said", "hint"),
    [
        ([listed(environment("pypi", policy=CHOSEN))], "The policies of pypi", "environments/pypi/deployment-branch"),
        ([listed(environment("pypi")), policies(("tag", "v*"))], "Nothing says of which", "none has policies"),
        ([listed(environment("a", policy=CHOSEN)), ("b", policies())], "no environment b with policies", "one of: a"),
        ([listed(environment("a"), total=31)], "a.json holds 1 of 31 environments", "per_page"),
        ([{"message": "Not Found"}], "no list of environments or of their policies: Not Found", "gh api"),
        ([[]], "no list of environments", "gh api"),
        ([listed({"id": 1})], "an entry has no name", "as it is"),
    ],
)
def test_what_is_no_whole_answer(answers: list[object], said: str, hint: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read(*answers)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(UsageError, match=r"a\.json is not JSON"):
        import_environments([Answer(text=text, file="a.json")])

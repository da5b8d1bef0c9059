"""Rulesets as GitHub's API prints them become tables that are read back as the same rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.configuration.reading import load_configuration
from simulator.errors import UsageError
from simulator.operations.import_environments import Answer, imported_environments

MAIN = {
    "id": 6047026,
    "name": "main",
    "target": "branch",
    "source_type": "Repository",
    "enforcement": "active",
    "conditions": {"ref_name": {"exclude": ["refs/heads/main-*"], "include": ["~DEFAULT_BRANCH"]}},
    "rules": [
        {"type": "deletion"},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
        {"type": "code_scanning", "parameters": {}},
    ],
    "bypass_actors": [
        {"actor_id": 15368, "actor_type": "Integration", "bypass_mode": "always"},
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"},
        {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"},
    ],
}
TAGS = {
    "name": "tags",
    "target": "tag",
    "enforcement": "active",
    "conditions": {"ref_name": {"exclude": [], "include": ["refs/tags/v*"]}},
    "rules": [{"type": "update"}],
}


def answer(*found: object) -> list[Answer]:
    return [Answer(text=json.dumps(each), file=f"{at}.json") for at, each in enumerate(found)]


def test_they_are_read_back(tmp_path: Path) -> None:
    asleep = {**TAGS, "name": "asleep", "enforcement": "disabled"}
    pushes = {**TAGS, "name": "pushes", "target": "push"}
    immutable = {"enabled": True, "enforced_by_owner": False}
    made = imported_environments(tmp_path, answer(immutable, MAIN, TAGS, asleep, pushes))
    (tmp_path / "pysim.toml").write_text(made.tables)
    found = load_configuration(tmp_path).repository
    assert found.immutable_releases
    main, tags = found.rulesets
    assert (main.name, main.target, main.include, main.exclude) == (
        "main",
        "branch",
        ("~DEFAULT_BRANCH",),
        ("refs/heads/main-*",),
    )
    assert (main.rules, main.bypass) == (("deletion", "pull_request"), ("github-actions", "OrganizationAdmin"))
    assert (tags.target, tags.include, tags.rules) == ("tag", ("refs/tags/v*",), ("update",))
    assert made.notes == (
        "main: the rule code_scanning is GitHub's to evaluate; pysim lets every push pass it.",
        "asleep is not active, and left out.",
        "pushes is about neither branches nor tags, and left out.",
    )


def test_a_list_of_rulesets_has_no_rules(tmp_path: Path) -> None:
    listed = [{key: value for key, value in MAIN.items() if key != "rules"}]
    with pytest.raises(UsageError, match=r"^0\.json lists rulesets without their rules\.$"):
        imported_environments(tmp_path, answer(listed))

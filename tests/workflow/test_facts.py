"""The facts about GitHub in `resources/`."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from simulator.workflow import facts

NAMES = ["contexts.json", "events.json", "permissions.json"]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_names_its_source_and_its_date(name: str) -> None:
    data = json.loads(files("simulator").joinpath("resources", name).read_text(encoding="utf-8"))
    assert all(source.startswith("https://") for source in data["source"])
    assert len(data["retrieved"]) == len("2026-01-31")


def test_availability() -> None:
    assert facts.vocabulary("jobs.<job_id>.if").names == {"github", "inputs", "vars", "needs"}
    assert facts.vocabulary("jobs.<job_id>.if").functions == {
        "always": (0, 0),
        "failure": (0, 255),
        "cancelled": (0, 0),
        "success": (0, 255),
    }
    assert facts.vocabulary("jobs.<job_id>.steps.run").functions == {"hashfiles": (1, 255)}
    assert facts.functions("jobs.<job_id>.steps.run") == ("hashFiles",)
    assert "secrets" not in facts.vocabulary("runs.steps.run").names
    assert {"github", "env", "secrets", "jobs", "strategy"} <= facts.contexts()
    with pytest.raises(KeyError):
        facts.vocabulary("jobs.<job_id>.steps.shell")


def test_events() -> None:
    assert facts.events()["pull_request"].default_types == ["opened", "synchronize", "reopened"]
    assert facts.events()["release"].default_types is None
    assert facts.events()["repository_dispatch"].has_types
    assert facts.events()["repository_dispatch"].types is None
    assert not facts.events()["push"].has_types


def test_permission_scopes() -> None:
    assert facts.permission_scopes()["id-token"] == ["none", "write"]

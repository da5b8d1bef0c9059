"""What is explained is what the index, the action and twine say, and hints name places of the repository."""

from __future__ import annotations

import re

import pytest

from simulator.rehearsal.explanations import (
    EXCHANGES,
    STEPS,
    UPLOADS,
    Explanation,
    explain,
    explain_upload,
    with_locations,
)
from simulator.rehearsal.hint_locations import hint_locations
from simulator.workflow.loader import load_workflow
from tests.cases.table import BASE, WORKFLOW, cases

PROJECT = b"""\
[build-system]
requires = ["hatchling"]

[project]
name = "demo"
version = "1.0"
optional-dependencies.extra = []

[project.urls]
Source = "https://github.com/octo/demo"

[tool.other]
version = "2"
"""
NAMES = {"checkout", "download", "name", "version", "description", "readme", "classifiers", "dependencies", "urls"}
NAMES |= {"license_files", "requires_python", "build_system"}


@pytest.mark.parametrize("table", [EXCHANGES, UPLOADS, STEPS])
def test_hints_name_places_that_there_are(table: tuple[Explanation, ...]) -> None:
    for each in table:
        assert set(re.findall(r"\{(\w+)\}", each.hint)) <= NAMES
        assert each.hint.endswith(".")
    assert all(each.code for each in STEPS)


def test_every_refused_upload_of_the_cases_is_explained() -> None:
    refused = [case for case in cases() if "upload-refused" in case.errors]
    assert len(refused) > 20
    assert [case.name for case in refused if not explain(UPLOADS, f"{case.expected} {' '.join(case.hint)}")] == []


def test_the_more_special_explanation_comes_first() -> None:
    assert "that the message names" in explain_upload("The classifier 'X' has been deprecated, use ['Y'].").hint
    twice = explain(STEPS, "ERROR    InvalidDistribution: Invalid distribution metadata: 'x' is invalid for 'version'")
    assert twice is not None
    assert "PEP 440" in twice.hint


def test_places() -> None:
    workflow = load_workflow((BASE / WORKFLOW).read_bytes(), WORKFLOW).workflow
    assert workflow is not None
    found = hint_locations(workflow.jobs.values(), [("pyproject.toml", PROJECT)])
    assert found == {
        "checkout": f"{WORKFLOW}:13",
        "build_system": "pyproject.toml:2",
        "name": "pyproject.toml:5",
        "version": "pyproject.toml:6",
        "urls": "pyproject.toml:9",
    }
    assert with_locations("Raise it{version}, or{readme} not.", found) == "Raise it (pyproject.toml:6), or not."


def test_of_several_projects_none_is_named() -> None:
    assert hint_locations([], [("a/pyproject.toml", PROJECT), ("b/pyproject.toml", PROJECT)]) == {}


@pytest.mark.parametrize(
    ("said", "code", "mends"),
    [
        (
            "remote: error: GH013: Repository rule violations found for refs/heads/main.",
            "repository-rules",
            "pull request",
        ),
        ('{"message":"Cannot upload assets to an immutable release."}', "immutable-release", "as a draft"),
        ("HTTP 422: tag_name was used by an immutable release", "immutable-release", "another tag"),
    ],
)
def test_what_github_refuses(said: str, code: str, mends: str) -> None:
    found = explain(STEPS, said)
    assert found is not None
    assert (found.code, mends in found.hint) == (code, True)

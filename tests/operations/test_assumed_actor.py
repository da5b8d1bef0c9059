"""Who pushes, where nobody said it: for whom a condition of what publishes asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.configuration.values import Configuration
from simulator.operations.assumed_actor import with_actor
from simulator.operations.request import Request
from tests.operations.reading import read

PUBLISH = "runs-on: ubuntu-latest, steps: [{run: twine upload dist/*}]"


def actor(root: Path, job: str, configuration: Configuration | None = None) -> tuple[str, list[str]]:
    folder = root / "repository/.github/workflows"
    folder.mkdir(parents=True)
    (folder / "w.yml").write_text(f"on: {{push: {{tags: ['v*']}}}}\njobs:\n  a: {{{job}}}\n")
    repository, files = read(Request(repository=root / "repository", tag="v1", event="push"), root / "clone.git")
    before = repository.notices
    repository = with_actor(repository, configuration or Configuration(), files.valid())
    return repository.identity.actor, [each.message for each in repository.notices[len(before) :]]


@pytest.mark.parametrize(
    "condition",
    [
        "github.actor == 'ada'",
        "github.ref_type == 'tag' && ('ada' == github.triggering_actor)",
        "github.event.sender.login == 'ada'",
        'contains(fromJSON(\'["ada", "bob"]\'), github.actor)',
    ],
)
def test_the_one_who_is_asked_for(tmp_path: Path, condition: str) -> None:
    quoted = condition.replace("'", "''")
    login, notices = actor(tmp_path, f"if: '{quoted}', {PUBLISH}")
    assert login == "ada"
    assert notices == ["Who pushes is taken to be ada, for whom a condition asks (.github/workflows/w.yml:3)."]


@pytest.mark.parametrize(
    "job",
    [
        f"if: github.actor != 'ada', {PUBLISH}",
        f"if: \"!(github.actor == 'ada')\", {PUBLISH}",
        f"if: github.actor == 'dependabot[bot]', {PUBLISH}",
        f"if: github.repository_owner == 'ada', {PUBLISH}",
        "if: github.actor == 'ada', runs-on: ubuntu-latest, steps: [{run: make}]",
    ],
)
def test_nobody_is_asked_for(tmp_path: Path, job: str) -> None:
    assert actor(tmp_path, job) == ("pysim", [])


def test_who_is_configured_stays(tmp_path: Path) -> None:
    configuration = replace(Configuration(), actor="bob")
    assert actor(tmp_path, f"if: github.actor == 'ada', {PUBLISH}", configuration)[1] == []

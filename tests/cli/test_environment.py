"""`pysim environment import`: what it prints is read back as the same rules, and is what a gate evaluates."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.configuration.reading import load_configuration
from simulator.environments.evaluation import Deployments
from simulator.environments.model import EnvironmentRules
from simulator.triggers.model import Event

ALL = {
    "total_count": 2,
    "environments": [
        {
            "name": "pypi",
            "protection_rules": [
                {"type": "wait_timer", "wait_timer": 5},
                {
                    "type": "required_reviewers",
                    "prevent_self_review": True,
                    "reviewers": [{"type": "User", "reviewer": {"login": "ada"}}],
                },
                {"type": "branch_policy"},
            ],
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        },
        {"name": 'my "docs" é\x7f', "protection_rules": [], "deployment_branch_policy": None},
    ],
}
POLICIES = {"total_count": 1, "branch_policies": [{"name": r"v[0-9]\*", "type": "tag"}]}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the answers, which is the one we are in."""
    (tmp_path / "all.json").write_text(json.dumps(ALL))
    (tmp_path / "policies.json").write_text(json.dumps(POLICIES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_printed_is_what_is_read(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["environment", "import", "all.json", "pypi=policies.json"]) == 0
    printed = capsys.readouterr()
    assert 'note: my "docs" é' in printed.err
    (files / "pysim.toml").write_text(printed.out, encoding="utf-8")
    declared = load_configuration(files).environments
    assert list(declared.values()) == [
        EnvironmentRules(
            name="pypi",
            branches=(),
            tags=(r"v[0-9]\*",),
            reviewers=("ada",),
            prevent_self_review=True,
            wait_timer=5,
        ),
        EnvironmentRules(name='my "docs" é\x7f'),
    ]
    event = Event(name="push", ref="refs/tags/v1", sha="a" * 40, payload={})
    gate = Deployments(declared, actor="ada").enter("pypi", event, lambda _: False)
    assert gate.reason == 'Tag "v1" is not allowed to deploy to pypi due to environment protection rules.'


def test_the_tables_of_a_repository_that_is_configured_in_its_project_file(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / ".github/workflows").mkdir(parents=True)
    (files / "pyproject.toml").write_text('[tool.pysim.repository]\nowner = "o"\n')
    assert main(["environment", "import", "all.json", "pypi=policies.json"]) == 0
    printed = capsys.readouterr().out
    assert "[tool.pysim.environments.pypi]\n" in printed
    with (files / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(printed)
    assert load_configuration(files).environments["pypi"].reviewers == ("ada",)


def test_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"total_count": 0, "environments": []}'))
    assert main(["environment", "import", "-"]) == 0
    assert "The repository has no environment" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["all.json"], "environments/pypi/deployment-branch-policies > policies.json"),
        (["nothing.json"], "Cannot read nothing.json"),
        ([], "Missing argument"),
    ],
)
def test_wrong_files(files: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert files.is_dir()
    assert main(["environment", "import", *arguments]) == 2
    assert said in capsys.readouterr().err

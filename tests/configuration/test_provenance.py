"""Where each value of a configuration came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.configuration.provenance import with_answers
from simulator.configuration.reading import load_configuration
from simulator.configuration.values import Configuration
from simulator.operations.configured import configured
from simulator.operations.request import Request

TABLES = """\
[repository]
owner = "octo"
name = "demo"
[environments.pypi]
reviewers = [
  "ada",
]
secrets = ["TOKEN"]
[environments.'a.b']
[vars]
A = "1"
B = "2"
[[publishers]]
project = "demo"
workflow = "release.yml"
[actions]
"octo/x" = "skip"
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name, text in {
        "pysim.toml": TABLES,
        ".vars": "\nB=3\n",
        ".secrets": "# ours\ntoken=one\nOTHER='two\nlines'\nLAST=3\n",
        "config/pysim/config.toml": "[images]\n'python:3' = 'mine'\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return load_configuration(tmp_path)


def test_every_given_key_has_its_place(found: Configuration, tmp_path: Path) -> None:
    assert {key: str(origin) for key, origin in found.origins.items()} == {
        "repository.owner": "pysim.toml:2",
        "repository.name": "pysim.toml:3",
        "environments.pypi.reviewers": "pysim.toml:5",
        "environments.pypi.secrets": "pysim.toml:8",
        'environments."a.b"': "pysim.toml:9",
        "vars.A": "pysim.toml:11",
        "vars.B": ".vars:2",
        "publishers.0.project": "pysim.toml:14",
        "publishers.0.workflow": "pysim.toml:15",
        'actions."octo/x"': "pysim.toml:17",
        "secrets.TOKEN": ".secrets:2",
        "secrets.OTHER": ".secrets:3",
        "secrets.LAST": ".secrets:5",
        'images."python:3"': f"{tmp_path}/config/pysim/config.toml:2",
    }


def test_keys_below_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.pysim]\nvars.A = '1'\n")
    assert {key: str(origin) for key, origin in load_configuration(tmp_path).origins.items()} == {
        "vars.A": "pyproject.toml:4"
    }


def test_another_file_of_secrets_has_the_name_that_it_was_given(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("A=1\n")
    assert str(load_configuration(tmp_path, secret_file=file).origins["secrets.A"]) == f"{file}:1"


def test_what_is_asked_for_stands_above_what_is_configured(found: Configuration, tmp_path: Path) -> None:
    asked = Request(
        repository=tmp_path,
        variables={"B": "4", "C": "5"},
        actions={"*": "real", "octo/x": "real"},
        images={"python:3": "other"},
    )
    over = configured(asked, tmp_path)
    assert over.variables == {"A": "1", "B": "4", "C": "5"}
    assert (over.actions.default, over.actions.exceptions) == ("real", {"octo/x": "real"})
    assert over.images == {"python:3": "other"}
    asked_for = {key for key, origin in over.origins.items() if str(origin) == "request"}
    assert asked_for == {"vars.B", "vars.C", "actions.default", 'actions."octo/x"', 'images."python:3"'}
    assert str(over.origins["vars.A"]) == "pysim.toml:11"
    assert configured(Request(repository=tmp_path), tmp_path) == found


def test_secrets_that_were_asked_for(found: Configuration) -> None:
    over = with_answers(found, {"pypi": {"TOKEN": "one", "NEW": "two"}})
    assert over.environment_secrets == {"pypi": {"TOKEN": "one", "NEW": "two"}}
    assert str(over.origins["secrets.NEW"]) == "answer"
    assert str(over.origins["secrets.TOKEN"]) == ".secrets:2"

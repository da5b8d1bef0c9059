"""The page of the configuration names every key, in the table of who may set it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.configuration.declaring import Setter, declared
from simulator.configuration.model import (
    AcceptSettings,
    EnvironmentSettings,
    InstallSettings,
    PublisherSettings,
    RepositorySettings,
    RulesetSettings,
    RunSettings,
    Settings,
)
from simulator.configuration.reading import load_configuration

PAGE = Path(__file__).parents[2] / "docs/configuration.md"
INNER = {
    "repository": RepositorySettings,
    "run": RunSettings,
    "install": InstallSettings,
    "publishers": PublisherSettings,
    "environments": EnvironmentSettings,
    "accept": AcceptSettings,
}
NAMED = {
    "environments": "environments.NAME.",
    "vars": "vars.NAME",
    "actions": 'actions."owner/repo"',
    "local-repositories": 'local-repositories."owner/repo@ref"',
    "images": 'images."name"',
}


def keys_of(setter: Setter) -> Iterator[str]:
    for name, key in declared(Settings).items():
        if key.setter is setter:
            head = NAMED.get(name, f"{name}.")
            yield from (f"{head}{inner}" for inner in declared(INNER[name])) if name in INNER else [head]
    if setter is Setter.REPOSITORY:
        yield from (f"repository.rulesets.{inner}" for inner in declared(RulesetSettings))


def test_the_tables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    repositorys, users = text.split("## What the repository sets")[1].split("## What the user sets")
    for setter, part in ((Setter.REPOSITORY, repositorys), (Setter.USER, users)):
        cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
        named = set(re.findall("`([^`]+)`", " ".join(cells)))
        assert named - {"publishers", "environments.NAME", "actions.default"} == set(keys_of(setter))


def test_the_example_of_the_users_file_is_one_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```toml\n(# ~/\.config/.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "work/tool").mkdir(parents=True)
    (tmp_path / "pysim").mkdir()
    (tmp_path / "pysim/config.toml").write_text(example)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = load_configuration(tmp_path)
    assert [copy.path for copy in found.local_repositories] == [tmp_path / "work/tool"]
    assert found.images

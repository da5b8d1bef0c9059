"""Facts about the outside: those that are shipped, and files of the user's that renew them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.commands.engine import show_engines
from simulator.dated_facts import NAMES, fact_files, read_facts
from simulator.errors import UsageError
from simulator.planning.runners import image_of

LATER = "2099-01-01"


def shipped(name: str) -> dict[str, Any]:
    found = json.loads(files("simulator").joinpath("resources", f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's folder of facts."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    read_facts.cache_clear()
    made = tmp_path / "pysim/facts"
    made.mkdir(parents=True)
    yield made
    read_facts.cache_clear()


def test_every_file_is_among_the_facts_and_names_its_source_and_its_day() -> None:
    resources = {
        path.name for path in files("simulator").joinpath("resources").iterdir() if path.name.endswith(".json")
    }
    assert resources == {f"{name}.json" for name in NAMES} | {"support.json"}
    for name in NAMES:
        facts = shipped(name)
        assert facts["source"]
        assert facts["retrieved"] <= "2026-12-31"


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_file_can_be_renewed_by_a_copy_of_it(folder: Path, name: str) -> None:
    (folder / f"{name}.json").write_text(json.dumps(shipped(name) | {"retrieved": LATER}))
    assert read_facts(name)["retrieved"] == LATER


def test_what_the_user_says_counts(folder: Path) -> None:
    facts = shipped("runners")
    facts["labels"]["ubuntu-latest"] = {"2026-01-01": "Ubuntu 24.04", "2098-01-01": "Ubuntu 98.04"}
    facts["labels"]["ubuntu-98.04"] = "Ubuntu 98.04"
    facts["ended"]["ubuntu-24.04"] = "2098-06-01"
    (folder / "runners.json").write_text(json.dumps(facts | {"retrieved": LATER}))
    assert image_of(["ubuntu-98.04"], 0.0) == "Ubuntu 98.04"
    found = next(file for file in fact_files() if file.name == "runners")
    assert (found.retrieved, found.own, found.ignored) == (LATER, folder / "runners.json", False)


def test_an_older_file_does_not_count(folder: Path) -> None:
    (folder / "runners.json").write_text(json.dumps(shipped("runners") | {"retrieved": "2020-01-01", "labels": {}}))
    assert read_facts("runners")["labels"]
    said: list[str] = []
    show_engines(said.append)
    assert any("runners.json is older, and not used" in line for line in said)
    assert f"  refs {shipped('refs')['retrieved']}" in said


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("runners", "[", ":1:2: Expecting value."),
        ("runners", "[]", ": the whole is a list, not a table."),
        ("runners", "{}", ": `ended` is missing."),
        ("runners", {"more": 1}, ": `more` is no key of it. There is: ended, labels, note, retrieved, source."),
        ("runners", {"retrieved": "yesterday"}, ": `retrieved` is a text, not a date."),
        ("runners", {"retrieved": "2026-02-30"}, ": `retrieved` is a text, not a date."),
        ("runners", {"labels": []}, ": `labels` is a list, not a table."),
        ("runners", {"labels": {"ubuntu-98.04": 98}}, ": `labels.ubuntu-98.04` is a number, not a table or a text."),
        ("runners", {"labels": {"u": {"soon": "x"}}}, ": `labels.u.soon` is no date, such as 2026-01-31."),
        ("runners", {"ended": {"ubuntu-24.04": "soon"}}, ": `ended.ubuntu-24.04` is a text, not a date."),
        ("refs", {"repositories": {"octo/a": {"tags": []}}}, ": `repositories.octo/a.branches` is missing."),
        ("actions", {"no_artifacts": [1]}, ": `no_artifacts.0` is a number, not a text."),
    ],
)
def test_a_file_that_is_not_made_like_the_shipped_one(
    folder: Path, name: str, change: str | dict[str, Any], message: str
) -> None:
    file = folder / f"{name}.json"
    file.write_text(change if isinstance(change, str) else json.dumps(shipped(name) | {"retrieved": LATER} | change))
    with pytest.raises(UsageError) as error:
        read_facts(name)
    assert str(error.value).startswith(f"{file}{message}")
    assert "take it away" in error.value.hint

"""Which secrets the jobs of a rehearsal get."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.configuration.values import Configuration
from simulator.environments.model import EnvironmentRules, Pause, Review
from simulator.indexes import IndexName
from simulator.operations.actions import read_actions
from simulator.operations.plans import plan_started
from simulator.operations.prepared import PreparedRehearsal
from simulator.operations.request import Request, unheard
from simulator.operations.secrets import Secrets, asked_secrets, rehearsal_secrets
from simulator.operations.starting import start_workflows
from simulator.paths import RunFolder
from simulator.run_events import Notice, RunEvent
from simulator.runner.masking import Masker
from tests.operations.reading import read

WORKFLOW = """\
on: {push: {tags: ['v*']}}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: PyPI
    steps:
      - run: twine upload dist/*
        env: {TWINE_PASSWORD: "${{ secrets.UPLOAD }}", OTHER: "${{ secrets.OTHER }}"}
"""


TWO = """\
on: {push: {tags: ['v*']}}
jobs:
  test:
    runs-on: ubuntu-latest
    FIRST
    steps:
      - run: twine upload -r testpypi dist/*
        env: {TWINE_USERNAME: "${{ secrets.WHO }}", TWINE_PASSWORD: "${{ secrets.TOKEN }}"}
  release:
    runs-on: ubuntu-latest
    SECOND
    steps:
      - run: twine upload -p ${{ secrets.TOKEN }} dist/*
"""


def secrets(
    root: Path,
    given: Mapping[str, str],
    inside: Mapping[str, str],
    rules: EnvironmentRules | None = None,
    *,
    workflow: str = WORKFLOW,
    called: Mapping[str, str] | None = None,
) -> tuple[Secrets, list[RunEvent]]:
    file = root / "project/.github/workflows/w.yml"
    file.parent.mkdir(parents=True)
    file.write_text(workflow)
    for name, text in (called or {}).items():
        file.with_name(name).write_text(text)
    request = Request(repository=root / "project", tag="v1")
    repository, files = read(request, root / "clone.git")
    started = start_workflows(request, repository, files.valid())
    configuration = Configuration(
        secrets=given,
        environment_secrets={"pypi": inside},
        environments={"pypi": rules} if rules else {},
    )
    prepared = PreparedRehearsal(
        request=request,
        root=request.repository,
        folder=RunFolder(root),
        configuration=configuration,
        repository=repository,
        files=files,
        actions=read_actions(configuration, unheard, offline=True),
        plans=plan_started(request, repository, started, files.calls(), unheard),
        masker=Masker(),
    )
    seen: list[RunEvent] = []

    def mint(known_to: Sequence[IndexName]) -> str:
        return f"minted for {' and '.join(known_to)}"

    return rehearsal_secrets(prepared, mint, seen.append), seen


def test_a_token_that_is_not_given_is_assumed_and_said(tmp_path: Path) -> None:
    found, (notice,) = secrets(tmp_path, {}, {})
    assert found.repository == {"UPLOAD": "minted for pypi"}
    assert found.tokens == ("minted for pypi",)
    assert isinstance(notice, Notice)
    assert "UPLOAD (.github/workflows/w.yml:8) is assumed to hold a token of PyPI" in notice.message


def test_a_real_token_is_replaced_wherever_it_is_given(tmp_path: Path) -> None:
    found, said = secrets(tmp_path, {"OTHER": "pypi-other"}, {"UPLOAD": "pypi-real"})
    assert found.repository == {"OTHER": "minted for pypi and testpypi"}
    assert found.environments == {"pypi": {"UPLOAD": "minted for pypi"}}
    assert said == []


def test_what_is_no_token_is_handed_on(tmp_path: Path) -> None:
    found, said = secrets(tmp_path, {"UPLOAD": "hunter2"}, {})
    assert (found.repository, found.tokens, said) == ({"UPLOAD": "hunter2"}, (), [])


def test_an_assumed_token_is_the_environments_that_declares_it(tmp_path: Path) -> None:
    found, (notice,) = secrets(tmp_path, {}, {}, EnvironmentRules(name="pypi", secrets=("UPLOAD",)))
    assert (found.repository, found.environments) == ({}, {"pypi": {"UPLOAD": "minted for pypi"}})
    assert isinstance(notice, Notice)
    assert "is assumed to hold a token" in notice.message


def test_nothing_is_assumed_beside_what_is_declared(tmp_path: Path) -> None:
    found, said = secrets(tmp_path, {"UPLOAD_TYPO": "pypi-real"}, {})
    assert (found.repository, said) == ({"UPLOAD_TYPO": "minted for pypi and testpypi"}, [])


def test_one_value_is_the_token_of_one_index(tmp_path: Path) -> None:
    found, said = secrets(tmp_path, {}, {}, workflow=TWO.replace("FIRST", "name: x").replace("SECOND", "name: y"))
    assert found.repository == {"WHO": "__token__", "TOKEN": "minted for testpypi"}
    assert [str(getattr(notice, "message", "")).split(" is assumed")[1] for notice in said] == [
        " to hold a token of TestPyPI; the job gets one of the local TestPyPI.",
        " to hold the user name __token__.",
    ]


def test_environments_have_values_of_their_own(tmp_path: Path) -> None:
    workflow = TWO.replace("FIRST", "environment: test").replace("SECOND", "environment: pypi")
    found, _ = secrets(tmp_path, {}, {}, workflow=workflow)
    assert found.repository["TOKEN"] == "minted for testpypi and pypi"
    found, _ = secrets(tmp_path / "given", {"TOKEN": "pypi-1"}, {"TOKEN": "pypi-2"}, workflow=workflow)
    assert found.repository["TOKEN"] == "minted for testpypi"
    assert found.environments == {"pypi": {"TOKEN": "minted for pypi"}}


def test_a_called_workflow_has_what_it_is_handed(tmp_path: Path) -> None:
    caller = "on: {push: {tags: ['v*']}}\njobs:\n  up:\n    uses: ./.github/workflows/called.yml\n"
    called = {"called.yml": WORKFLOW.replace("{push: {tags: ['v*']}}", "workflow_call")}
    given = {"UPLOAD": "pypi-real"}
    _, (notice,) = secrets(tmp_path / "a", given, {}, workflow=caller, called=called)
    assert isinstance(notice, Notice)
    assert notice.message.startswith("The secret UPLOAD (.github/workflows/called.yml:8) is empty: job up calls")
    found, said = secrets(tmp_path / "b", given, {}, workflow=f"{caller}    secrets: inherit\n", called=called)
    assert (found.repository, said) == ({"UPLOAD": "minted for pypi"}, [])


def test_a_declared_secret_without_a_value_is_said(tmp_path: Path) -> None:
    rules = EnvironmentRules(name="pypi", secrets=("KEY", "OTHER"))
    found, (notice,) = secrets(tmp_path, {}, {"OTHER": "x"}, rules)
    assert found.environments == {"pypi": {"OTHER": "x"}}
    assert isinstance(notice, Notice)
    assert notice.message.startswith("KEY of the environment pypi has no value")
    assert notice.hint is not None
    assert ".secrets" in notice.hint


def test_a_person_is_asked_for_what_has_no_value() -> None:
    rules = {"pypi": EnvironmentRules(name="pypi", secrets=("KEY", "OTHER", "NONE"))}
    given = Configuration(environments=rules, environment_secrets={"pypi": {"OTHER": "x"}})
    person = Person()
    found = asked_secrets(given, person)
    assert found.environment_secrets == {"pypi": {"OTHER": "x", "KEY": "typed"}}
    assert found.all_secrets == ("x", "typed")
    assert person.asked == [("KEY", "pypi"), ("NONE", "pypi")]


class Person:
    """Knows one secret, and reviews nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def secret(self, name: str, environment: str, /) -> str:
        self.asked.append((name, environment))
        return "typed" if name == "KEY" else ""

    def review(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        raise AssertionError


def test_there_is_nobody_to_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / "pysim.toml").write_text("[environments.pypi]\nsecrets = ['KEY']\n")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["run", "-C", str(tmp_path), "--tag", "v1", "--ask-secrets"]) == 2
    assert "there is nobody to ask" in capsys.readouterr().err

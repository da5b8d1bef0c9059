"""`pysim plan` on repositories: plans/NAME/workflows with what is shown, in a file for each form."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.main import main

CASES = Path(__file__).parent / "plans"
TAG = ("--tag", "v1.2.3")
SHOWN = [
    ("matrix", "text", [*TAG], 3),
    ("matrix", "graph", [*TAG, "-g"], 3),
    ("matrix", "list", ["-l"], 3),
    ("calls", "text", [*TAG, "--event", "release"], 0),
    ("calls", "graph", [*TAG, "--event", "release", "--graph"], 0),
    ("unheard", "text", [*TAG], 0),
    ("called-late", "text", [*TAG], 0),
    ("called-type", "text", [*TAG], 3),
    ("nothing", "text", ["--tag", "v1.2.3rc1"], 1),
    ("nothing", "branch", ["--branch", "main"], 1),
]


def repository(name: str, folder: Path) -> Path:
    root = folder / name
    shutil.copytree(CASES / name / "workflows", root / ".github/workflows")
    return root


@pytest.mark.parametrize(("name", "form", "arguments", "code"), SHOWN, ids=str)
def test_what_is_shown(
    name: str,
    form: str,
    arguments: list[str],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    update_cases: bool,
) -> None:
    assert main(["plan", "-C", str(repository(name, tmp_path)), *arguments]) == code
    said = capsys.readouterr()
    got = re.sub(r"(?<=commit )[0-9a-f]{10}", "0000000000", said.out) + said.err
    expected = CASES / name / f"{form}.txt"
    if update_cases:
        expected.write_text(got, encoding="utf-8")
    assert got == expected.read_text(encoding="utf-8")


def plan(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    main(["plan", "-C", str(root), "--json", *arguments])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_json_holds_every_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = plan(repository("matrix", tmp_path), capsys, *TAG)
    workflows = {Path(each["path"]).name: each for each in document["workflows"]}
    assert document["event"] == "push of tag v1.2.3"
    assert {name: each["starts"] for name, each in workflows.items()} == {
        "broken.yml": False,
        "ci.yml": False,
        "docs.yml": True,
        "release.yml": True,
    }
    assert "step" in workflows["broken.yml"]["fault"]
    jobs = {job["key"]: job for job in workflows["release.yml"]["jobs"]}
    assert [key for key in jobs if key.startswith("wheels")] == [
        "wheels (ubuntu-24.04, 3.12)",
        "wheels (ubuntu-24.04, 3.13)",
        "wheels (macos-latest, 3.13)",
        "wheels (windows-11-arm, 3.13)",
    ]
    assert jobs["wheels (macos-latest, 3.13)"]["matrix"] == {"os": "macos-latest", "python": "3.13"}
    assert jobs["publish"]["environment"] == "pypi"
    assert jobs["publish"]["permissions"] == {"metadata": "read", "id-token": "write"}
    decisions = {job["id"]: job["decision"] for job in workflows["release.yml"]["jobs"]}
    assert decisions == {
        "wheels": "run",
        "choose": "run",
        "odd": "run",
        "main-only": "skip",
        "after-main": "skip",
        "sometimes": "later",
        "report": "run",
        "publish": "run",
    }


def test_a_matrix_that_reads_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository("nothing", tmp_path)
    (root / ".github/workflows/release.yml").write_text(
        "on: push\njobs:\n  a:\n    runs-on: ${{ matrix.os }}\n    steps: [{run: make}]\n"
        "    strategy: {matrix: {os: '${{ fromJSON(vars.SYSTEMS) }}'}}\n"
    )
    document = plan(root, capsys, *TAG, "--var", 'SYSTEMS=["ubuntu-22.04", "unknown"]')
    assert [(job["runs_on"], job["image"]) for job in document["workflows"][0]["jobs"]] == [
        (["ubuntu-22.04"], "Ubuntu 22.04"),
        (["unknown"], ""),
    ]


def test_a_run_that_github_fails_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository("nothing", tmp_path)
    (root / ".github/workflows/release.yml").write_text(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: make}]\n"
        "    strategy: {matrix: {os: '${{ fromJSON(vars.SYSTEMS) }}'}}\n"
    )
    assert main(["plan", "-C", str(root), *TAG]) == 3
    said = capsys.readouterr()
    assert "GitHub fails the run: Error when evaluating 'strategy' for job 'a'." in said.out
    assert ".github/workflows/release.yml:6:" in said.err


def test_dry_run_is_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(repository("unheard", tmp_path))
    assert main(["run", "-n", "-C", root, *TAG]) == 0
    dry = capsys.readouterr().out
    assert main(["plan", "-C", root, *TAG]) == 0
    assert dry == capsys.readouterr().out
    assert not Path(root, ".pysim").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "There is nothing to plan: no tag was given."),
        ([*TAG, "--branch", "main"], "--tag and --branch exclude each other."),
        ([*TAG, "--prerelease"], "--prerelease belongs to --event release."),
        ([*TAG, "--input", "a=b"], "--input belongs to --event workflow_dispatch."),
        ([*TAG, "-l", "-g"], "exclude each other."),
        ([*TAG, "-W", "relese.yml"], "Did you mean release.yml?"),
    ],
)
def test_usage(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "-C", str(repository("nothing", tmp_path)), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_no_engine_and_no_server_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from simulator.cli.main import main; main(['plan', '--tag', 'v1.2.3']);"
        "heavy = {'docker', 'starlette', 'uvicorn', 'httpx'};"
        "print([n for n in sys.modules if n.split('.')[0] in heavy"
        " or n.startswith(('simulator.engines.', 'simulator.twins.')) and not n.endswith('.base')])"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    root = repository("unheard", tmp_path)
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

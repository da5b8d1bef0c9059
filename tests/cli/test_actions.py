"""What stands for the actions of a workflow: options, configuration, and what is said before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.errors import ExitCode

WORKFLOW = """\
on: {push: {tags: ['v*']}}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: octo/outer@v1
      - uses: octo/far@v2
      - uses: ./later
      - run: twine upload dist/*
"""
OUTER = "runs: {using: composite, steps: [{uses: octo/inner@v3}, {uses: far/away@v1}]}"
INNER = "runs: {using: node18, main: x.js}"
SAID = "octo/outer@v1 uses octo/inner@v3: Fail to load octo/inner@v3: action.yml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "repository"
    for name, text in {
        ".github/workflows/release.yml": WORKFLOW,
        "../config/pysim/config.toml": '[local-repositories]\n"octo/outer@v1" = "stand/outer"\n'
        '"octo/inner" = "../../repository/stand/inner"\n',
        "../config/pysim/stand/outer/action.yml": OUTER,
        "stand/inner/action.yml": INNER,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_plan_says_what_cannot_run_and_what_would_be_fetched(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "-C", str(root), "--tag", "v1"]) == ExitCode.GO
    said, problems = capsys.readouterr()
    assert f".github/workflows/release.yml:7:15: error: {SAID}" in problems
    assert "release.yml:7:15: Not on this machine yet, so not looked into: far/away@v1, octo/far@v2" in said
    (root / "stand/inner/action.yml").write_text("runs: {using: node24, main: x.js}")
    assert main(["plan", "-C", str(root), "--tag", "v1", "--actions", "real"]) == ExitCode.GO
    said = capsys.readouterr().out
    assert "cannot" not in said
    assert "not looked into: actions/checkout@v4, far/away@v1, octo/far@v2" in said


def test_the_check_says_what_cannot_run(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-C", str(root), "--format", "json", "--fail-on", "never"]) == ExitCode.GO
    found = json.loads(capsys.readouterr().out)
    (problem,) = (each for each in found["problems"] if each["code"] == "action-not-found")
    assert (problem["severity"], problem["line"], problem["message"].startswith(SAID)) == ("error", 7, True)


def test_a_run_names_everything_that_is_missing_offline_at_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = "runs: {using: composite, steps: [{run: 'true', shell: bash}]}"
    (root / "stand/inner/action.yml").write_text(inner)
    words = ["run", "-C", str(root), "--tag", "v1", "--offline", "--json", "--engine", "local"]
    assert main(words) == ExitCode.NOT_REHEARSED
    *events, summary = map(json.loads, capsys.readouterr().out.splitlines())
    (notice,) = (each for each in events if each["type"] == "notice" and "Offline" in each["message"])
    assert notice["message"].endswith("Offline, and not on this machine: far/away@v1, octo/far@v2")
    steps = {step["name"]: step["conclusion"] for step in summary["jobs"][0]["steps"]}
    assert (steps["Run octo/far@v2"], steps["Run ./later"]) == ("success", "failure")
    found = {(each["code"], each["severity"], *each["unrehearsed"]) for each in summary["findings"]}
    assert found == {("action-not-rehearsed", "warning", "publish"), ("step-failed", "warning", "publish")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--actions", "reel"], "'reel' is neither builtin, real nor owner/repo=builtin|real|skip"),
        (["--actions", "octo/x=builtin"], "pysim has no action of its own for octo/x"),
        (["--local-repository", "octo/x"], "'octo/x' is not owner/repo@ref=PATH"),
        (["--local-repository", "octo/x=nowhere"], "there is no folder"),
    ],
)
def test_options_that_make_no_sense(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["run", "-C", str(root), "--tag", "v1", *arguments]) == ExitCode.USAGE
    assert said in capsys.readouterr().err

"""`pysim check` as a user calls it: exit codes, forms of the output, other linters, and what it must not import."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.main import main

RELEASE = """\
on: {push: {tags: ['v*']}}
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: pypi
    steps:
      - uses: pypa/gh-action-pypi-publish@1111111111111111111111111111111111111111
"""
PERMITTED = RELEASE.replace("    steps:", "    permissions: {id-token: write}\n    steps:")
BROKEN = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    step: []\n"
MISSING = (
    "Job publish uses pypa/gh-action-pypi-publish@1111111 without a credential, and may not fetch an ID token: "
    "GitHub never grants id-token by default [missing-id-token]"
)
RETIRED = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v3\n"


def repository(root: Path, **files: str) -> Path:
    folder = root / ".github/workflows"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return root


def check(root: Path, *arguments: str) -> int:
    return main(["check", "-C", str(root), *arguments])


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (PERMITTED, [], 0),
        (RELEASE, [], 1),
        (RELEASE, ["--fail-on", "never"], 0),
        (RETIRED, [], 0),
        (RETIRED, ["--fail-on", "warning"], 1),
        (BROKEN, ["--fail-on", "never"], 3),
        ("", [], 3),
        ("on: {push: {tags: ['v[']}}\njobs: {a: {runs-on: x, steps: [{run: a}]}}\n", [], 3),
    ],
)
def test_exit_codes(tmp_path: Path, text: str, arguments: list[str], code: int) -> None:
    assert check(repository(tmp_path, release=text), *arguments) == code


def test_text_shows_the_line_the_caret_and_the_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(repository(tmp_path, release=RELEASE, other=RETIRED))
    assert capsys.readouterr().out.splitlines()[5:] == [
        ".github/workflows/release.yml:7:15: error: " + MISSING,
        "  7 |       - uses: pypa/gh-action-pypi-publish@1111111111111111111111111111111111111111",
        "    |               ^",
        "  hint: Below `publish:` add",
        "      permissions:",
        "        id-token: write",
        "",
        "2 workflows checked: 1 error, 1 warning",
    ]


def test_it_says_where_no_rule_was_applied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(repository(tmp_path, release=RELEASE, broken=BROKEN))
    said = capsys.readouterr().out
    assert "[unknown-key]" in said
    assert "[missing-id-token]" in said
    assert said.endswith("The release rules are applied once it is valid: .github/workflows/broken.yml\n")


def test_only_the_named_files_are_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, release=RELEASE, other=RETIRED, broken=BROKEN)
    assert main(["check", str(root / ".github/workflows/other.yml")]) == 0
    assert capsys.readouterr().out.endswith("1 workflow checked: 1 warning\n")


@pytest.mark.parametrize("given", [".github/workflows/other.yml", "other.yml"])
def test_files_may_be_named_from_the_folder_of_the_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    root = repository(tmp_path, release=RELEASE, other=RETIRED)
    assert main(["check", "-C", str(root), given]) == 0
    assert capsys.readouterr().out.endswith("1 workflow checked: 1 warning\n")


def test_a_file_outside_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "some.yml").write_text(RELEASE, encoding="utf-8")
    assert main(["check", str(tmp_path / "some.yml")]) == 1


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(repository(tmp_path, release=RETIRED), "--format", "json")
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "files": [".github/workflows/release.yml"],
        "invalid": [],
        "problems": [
            {
                "code": "retired-action",
                "severity": "warning",
                "message": "actions/checkout@v3 was written for Node 16, which runners no longer have",
                "hint": "Take actions/checkout@v4 or later.",
                "file": ".github/workflows/release.yml",
                "line": 6,
                "column": 15,
            }
        ],
        "totals": {"error": 0, "warning": 1, "notice": 0},
    }


def test_sarif_has_the_shape_of_the_standard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = RETIRED + "      - uses: actions/checkout@v3\n"
    check(repository(tmp_path, release=RELEASE, other=twice), "--format", "sarif")
    log: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["retired-action", "missing-id-token"]
    assert all(rule["shortDescription"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note", "none"}
        [location] = result["locations"]
        region = location["physicalLocation"]["region"]
        assert min(region.values()) >= 1
        assert location["physicalLocation"]["artifactLocation"]["uri"].startswith(".github/workflows/")
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == 3


def test_a_fingerprint_does_not_change_when_lines_move(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def prints(text: str, name: str) -> list[str]:
        check(repository(tmp_path / name, release=text), "--format", "sarif")
        results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]

    assert prints(RETIRED, "one") == prints(f"# moved\n\n{RETIRED}", "two")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["relase.yml"], "There is no file relase.yml.\n  hint: Did you mean release.yml?"),
        (
            [".github"],
            ".github is a folder.\n  hint: To check the workflows of a repository, name it",
        ),
        (["--with", "zizmr"], "pysim does not know a linter zizmr.\n  hint: Did you mean zizmor?"),
    ],
)
def test_usage(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(repository(tmp_path, release=PERMITTED))
    assert main(["check", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_repository_without_workflows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path) == 2
    assert "There is no workflow in .github/workflows" in capsys.readouterr().err


def test_a_linter_that_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check(repository(tmp_path, release=PERMITTED), "--with", "actionlint") == 2
    assert "actionlint is not installed." in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed")
def test_zizmor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RETIRED.replace("- uses: actions/checkout@v3", "- run: echo ${{ github.event.issue.title }}")
    assert check(repository(tmp_path, release=text), "--with", "zizmor", "--format", "json") == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    found = {(item["code"], item["file"], item["line"]) for item in problems}
    assert ("zizmor/template-injection", ".github/workflows/release.yml", 6) in found


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    root = repository(tmp_path, release=PERMITTED)
    code = (
        "import sys; from simulator.cli.main import main; main(['check']);"
        "heavy = {'docker', 'starlette', 'uvicorn', 'httpx', 'rich', 'twine'};"
        "print([n for n in sys.modules if n.split('.')[0] in heavy"
        " or n.startswith(('simulator.engines.', 'simulator.twins.')) and not n.endswith('.base')])"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

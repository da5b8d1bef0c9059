"""`pysim check --dist`: built files are judged where they lie, without an engine."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from simulator import process
from simulator.cli.main import main
from tests.rehearsal.built.making import USUAL, built

PYPROJECT = """[project]
name = "demo"
version = "1.0"
classifiers = ["Foo :: Bar"]
"""
NAMES = ("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/__init__.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    process.run(["git", "init", "-q"], cwd=tmp_path)
    return tmp_path


def build(project: Path, *, headers: str = USUAL) -> None:
    for name in NAMES:
        content = built(name, {"demo/__init__.py": ""}, headers=headers)
        (project / "dist" / name).write_bytes(content)


def check(project: Path, *arguments: str) -> int:
    return main(["check", "-C", str(project), "--dist", str(project / "dist"), *arguments])


def test_good_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(project)
    assert check(project, "--tag", "v1.0") == 0
    assert capsys.readouterr().out == "2 distributions checked: no problems\n"
    assert not (project / ".pysim").exists()


def test_problems_have_the_places_of_the_repository(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(project, headers=f"{USUAL}\nClassifier: Foo :: Bar")
    assert check(project, "--tag", "v1.1") == 1
    out = capsys.readouterr().out
    assert "pyproject.toml:3:11: error: The tag v1.1 says version 1.1, but demo was built as 1.0" in out
    assert "pyproject.toml:4:17: error: PyPI would refuse demo-1.0-py3-none-any.whl, demo-1.0.tar.gz with 400" in out
    assert '  4 | classifiers = ["Foo :: Bar"]' in out
    assert out.endswith("2 distributions checked: 2 errors\n")


def test_the_files_of_a_repository_that_is_not_here(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(project)
    (project / "dist" / NAMES[0]).unlink()
    (project / "demo/core.py").write_text("")
    monkeypatch.chdir(os.path.commonpath([project, "/"]))
    assert main(["check", "--dist", str(project / "dist" / NAMES[1]), "--fail-on", "warning", "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    found = {item["code"]: (item["file"], item["severity"]) for item in said["problems"]}
    file = str(project / "dist" / NAMES[1])
    assert found == {"missing-sdist": (file, "warning"), "missing-modules": (file, "warning")}


def test_a_folder_that_is_no_git_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pyvenv.cfg").write_text("")
    (tmp_path / "env/pyproject.toml").write_text("[project]\nname = 'other'\n")
    build(tmp_path)
    assert check(tmp_path) == 0
    assert "no problems" in capsys.readouterr().out


def test_what_lies_beside_the_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(project)
    for name in ("notes.txt", ".gitignore", f"{NAMES[0]}.publish.attestation"):
        (project / "dist" / name).write_text("")
    (project / "dist/wheels").mkdir()
    assert check(project, "--fail-on", "warning") == 1
    out = capsys.readouterr().out
    assert "notes.txt is no distribution" in out
    assert "wheels is no distribution" in out
    assert out.endswith("2 distributions checked: 2 warnings\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dist", "nowhere"], "There is no nowhere."),
        (["--dist", "demo"], "There is no wheel and no sdist in"),
        (["--dist", "dist", "release.yml"], "--dist checks built files, and no workflow."),
        (["--tag", "v1"], "--tag is for built files."),
    ],
)
def test_usage(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    build(project)
    monkeypatch.chdir(project)
    assert main(["check", *arguments]) == 2
    assert said in capsys.readouterr().err

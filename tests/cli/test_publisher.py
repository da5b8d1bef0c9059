"""`pysim publisher add|list|remove`: the words of PyPI's form, and a configuration that stays as its owner wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.configuration.reading import load_configuration
from simulator.paths import StateFolder
from simulator.twins.pypi.baseline import changing

FILE = """\
# ours
[repository]
owner = "octo"   # spelt as on GitHub
name = "demo"

[[publishers]]
project = "old"  # the first
workflow = "old.yml"

[environments.pypi]
tags = [ "v*" ]
"""
ADDED = """
[[publishers]]
index = "pypi"
project = "demo"
repository = "octo/demo"
workflow = "pypi.yml"
environment = "pypi"
"""
PENDING = ("new", "--pending", "--workflow", "a.yml", "--repository", "octo/demo")


def publisher(root: Path, *words: str) -> int:
    return main(["publisher", words[0], "-C", str(root), *words[1:]])


def test_a_repository_that_nobody_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publisher(tmp_path, "add", "demo", "--workflow", "pypi.yml") == 2
    said = capsys.readouterr().err
    assert "No remote says which repository on GitHub this is." in said
    assert "[repository] in pysim.toml" in said
    assert not (tmp_path / "pysim.toml").exists()


def test_an_entry_is_added_and_removed_and_the_rest_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pysim.toml"
    file.write_text(FILE)
    file.chmod(0o640)
    assert publisher(tmp_path, "add", "demo", "--workflow", "pypi.yml", "--environment", "PyPI") == 0
    assert capsys.readouterr().out.startswith("Added pypi.yml in https://github.com/octo/demo to demo\n")
    written = file.read_text()
    assert ADDED.strip() in written
    assert [line for line in FILE.splitlines() if line not in written.splitlines()] == []
    assert file.stat().st_mode & 0o777 == 0o640
    publisher(tmp_path, "list")
    assert capsys.readouterr().out.splitlines() == [
        "old on PyPI: old.yml in https://github.com/octo/demo, environment Any",
        "demo on PyPI: pypi.yml in https://github.com/octo/demo, environment pypi",
    ]
    assert publisher(tmp_path, "remove", "Demo") == 0
    assert file.read_text().split() == FILE.split()
    assert [path.name for path in tmp_path.iterdir()] == ["pysim.toml"]


def test_a_file_is_made(tmp_path: Path) -> None:
    assert publisher(tmp_path, "add", "demo", "--workflow", "pypi.yml", "--repository", "octo/demo") == 0
    (found,) = load_configuration(tmp_path).publishers
    assert (found.project, found.environment, found.pending) == ("demo", None, False)
    assert publisher(tmp_path, "remove", "demo") == 0
    assert (tmp_path / "pysim.toml").read_text().strip() == ""


def test_the_table_in_pyproject_is_used(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "demo"\n\n[tool.pysim.run]\nactor = "me"\n\n[tool.other]\nx = 1\n')
    assert publisher(tmp_path, "add", "demo", "--workflow", "pypi.yml", "--repository", "octo/demo") == 0
    assert "[[tool.pysim.publishers]]" in file.read_text()
    assert len(load_configuration(tmp_path).publishers) == 1
    assert not (tmp_path / "pysim.toml").exists()


def test_a_pending_one_has_a_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publisher(tmp_path, "add", *PENDING) == 0
    assert capsys.readouterr().out.startswith("Registered a new pending publisher to create the project 'new'.\n")
    (found,) = load_configuration(tmp_path).publishers
    assert found.pending
    assert found.registered is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["demo"],
            "Specify workflow filename\n  hint: Name the workflow's file, such as release",
        ),
        (["demo", "--workflow", "a.txt"], "Workflow name must end with .yml or .yaml"),
        (["demo", "--workflow", "x/a.yml"], "Workflow filename must be a filename only, without directories"),
        (["demo", "--workflow", "a.yml", "--repository", "/x"], "Specify GitHub repository owner"),
        (["demo", "--workflow", "a.yml", "--repository", "octo"], "Specify repository name\n  hint: Write both"),
        (["demo", "--workflow", "a.yml", "--repository", "o_o/x"], "Invalid GitHub user or organization name."),
        (["demo", "--workflow", "a.yml", "--repository", "o/x y"], "Invalid repository name"),
        (["demo", "--workflow", "a.yml", "--environment", "x" * 256], "Environment name is too long"),
        (["demo", "--workflow", "a.yml", "--environment", " x"], "Environment name may not start with whitespace"),
        (["demo", "--workflow", "a.yml", "--environment", "x;"], "Environment name must not contain"),
        (["old", "--workflow", "old.yml"], "old.yml is already registered with old"),
        (["asyncio", "--workflow", "a.yml", "--pending"], "This project name isn't allowed (conflict with the Python"),
    ],
)
def test_what_the_form_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    (tmp_path / "pysim.toml").write_text(FILE)
    assert publisher(tmp_path, "add", *words) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert (tmp_path / "pysim.toml").read_text() == FILE


def test_the_limits_of_pending_publishers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publisher(tmp_path, "add", *PENDING) == 0
    assert publisher(tmp_path, "add", *PENDING) == 2
    assert "This trusted publisher has already been registered." in capsys.readouterr().err
    assert publisher(tmp_path, "add", "other", *PENDING[1:]) == 2
    assert "already been registered for a different project name." in capsys.readouterr().err
    for name in ("b", "c"):
        assert publisher(tmp_path, "add", name, *PENDING[1:], "--environment", name) == 0
    assert publisher(tmp_path, "add", "d", *PENDING[1:], "--environment", "d") == 2
    assert "You can't register more than 3 pending trusted publishers at once." in capsys.readouterr().err
    assert publisher(tmp_path, "add", "d", *PENDING[1:], "--index", "testpypi") == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [("New", "This project already exists"), ("n-e-w", "This project name is too similar to an existing project")],
)
def test_a_pending_project_that_the_kept_index_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert main(["index", "add", "new", "-C", str(tmp_path)]) == 0
    assert publisher(tmp_path, "add", name, *PENDING[1:]) == 2
    assert said in capsys.readouterr().err


def test_only_one_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pysim.toml").write_text(FILE)
    publisher(tmp_path, "add", "old", "--workflow", "new.yml")
    assert publisher(tmp_path, "remove", "old") == 2
    assert "2 publishers fit: old on PyPI: old.yml in" in capsys.readouterr().err
    assert publisher(tmp_path, "remove", "other") == 2
    assert publisher(tmp_path, "remove", "old", "--workflow", "old.yml") == 0
    assert [each.workflow for each in load_configuration(tmp_path).publishers] == ["new.yml"]
    assert "# spelt as on GitHub" in (tmp_path / "pysim.toml").read_text()


def test_entries_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "pysim.toml"
    file.write_text('publishers = [{project = "a", repository = "o/r", workflow = "a.yml"}] # one\n')
    assert publisher(tmp_path, "add", "b", "--workflow", "b.yml", "--repository", "o/r") == 0
    assert [each.project for each in load_configuration(tmp_path).publishers] == ["a", "b"]
    assert "# one" in file.read_text()


def test_nothing_is_written_through_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = tmp_path / "outside.toml"
    outside.write_text("")
    root = tmp_path / "root"
    root.mkdir()
    (root / "pysim.toml").symlink_to(outside)
    assert publisher(root, "add", "demo", "--workflow", "a.yml", "--repository", "o/r") == 2
    assert "is a link out of the repository" in capsys.readouterr().err
    assert outside.read_text() == ""


def test_a_project_that_the_kept_index_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    StateFolder(tmp_path).create()
    with changing(StateFolder(tmp_path).index) as stores, stores["pypi"].transaction() as catalogue:
        catalogue.add_project("demo-pkg")
    words = ("--workflow", "pypi.yml", "--repository", "octo/demo")
    for project, index, noted in (("Demo_Pkg", "pypi", False), ("other", "pypi", True), ("other", "testpypi", False)):
        assert publisher(tmp_path, "add", project, *words, "--index", index) == 0
        said = capsys.readouterr().out
        assert ("note: PyPI has no project other as far as pysim knows" in said) == noted

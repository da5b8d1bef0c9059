"""The files of a repository as they are on disk: within bounds, and none from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from simulator.configuration.dotenv import read_dotenv
from simulator.errors import ConfigurationError
from simulator.operations.plan import plan
from simulator.operations.request import Request
from simulator.operations.trees import FolderTree
from simulator.rehearsal.projects import pyproject_files
from simulator.report.diagnostics import file_reader
from simulator.safe_files import LARGEST_FILE


class Held:
    """A repository in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def paths(self) -> Sequence[str]:
        return tuple(self._files)

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)


def make_huge(file: Path) -> Path:
    with file.open("wb") as stream:
        stream.truncate(2 << 30)
    return file


def test_of_a_huge_file_the_beginning_is_read(tmp_path: Path) -> None:
    make_huge(tmp_path / "README.md")
    assert FolderTree(tmp_path).read("README.md") == bytes(LARGEST_FILE + 1)
    assert file_reader(tmp_path)("README.md") == "\0" * LARGEST_FILE


def test_a_link_is_followed_within_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "docs").mkdir(parents=True)
    (tmp_path / "private").write_text("secret")
    (root / "docs/README.md").write_text("text")
    (root / "README.md").symlink_to("docs/README.md")
    (root / "README.rst").symlink_to("../private")
    (root / "README.txt").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe")
    tree = FolderTree(root)
    assert tree.read("README.md") == b"text"
    assert [tree.read(name) for name in ("README.rst", "README.txt", "../private", "pipe", "none")] == [None] * 5


def test_pyprojects_near_the_root_come_first_and_have_a_bound() -> None:
    few = {"a/b/pyproject.toml": b"1", "z/pyproject.toml": b"2", "a/xpyproject.toml": b"3"}
    assert pyproject_files(Held(few)) == [("z/pyproject.toml", b"2"), ("a/b/pyproject.toml", b"1")]
    many = {f"{number}/pyproject.toml": b"" for number in range(10_000)} | {"pyproject.toml": b""}
    assert len(pyproject_files(Held(many))) == 500
    assert pyproject_files(Held(many))[0] == ("pyproject.toml", b"")
    long = {f"{number}/pyproject.toml": bytes(LARGEST_FILE) for number in range(10)}
    assert len(pyproject_files(Held(long))) == 3


def test_a_huge_file_of_variables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has more than 4 MiB, which is the most that pysim reads"):
        read_dotenv(make_huge(tmp_path / ".vars"))


def test_a_huge_workflow_is_refused_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    with (folder / "a.yml").open("wb") as stream:
        stream.truncate(40 << 20)
    planned = plan(Request(repository=tmp_path, tag="v1"))
    assert [str(problem.span) for problem in planned.problems] == [".github/workflows/a.yml:1:1"]
    assert planned.problems[0].message == "The maximum file size of 1048576 characters has been exceeded"
    assert len(planned.sources[".github/workflows/a.yml"]) <= LARGEST_FILE + 1

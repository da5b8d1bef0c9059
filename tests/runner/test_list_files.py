"""What a step left in the workspace, as the program in the sandbox tells it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from simulator import process
from simulator.runner.inside import list_files
from tests.git import git


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for name in ("README.md", "gone.txt", "same.txt"):
        (tmp_path / name).touch()
    git("init", cwd=tmp_path)
    git("add", ".", cwd=tmp_path)
    git("commit", "-m", "One", cwd=tmp_path)
    return tmp_path


def told(folder: Path) -> dict[str, Any]:
    done = process.run([sys.executable, "-I", list_files.__file__, folder])
    found: dict[str, Any] = json.loads(done.text)
    return found


def test_tracked_files_that_were_changed_are_told_with_the_time(repo: Path) -> None:
    (repo / "README.md").write_text("two\n")
    os.utime(repo / "README.md", (0, 1_000_000_000))
    (repo / "same.txt").touch()
    (repo / "new.txt").write_text("untracked\n")
    (repo / "gone.txt").unlink()
    begun = time.time()
    found = told(repo)
    assert found["changed"] == {"README.md": 1_000_000_000, "gone.txt": None}
    assert begun <= found["now"] <= time.time()


def test_where_there_is_no_commit_nothing_was_changed(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/demo-1.0.tar.gz").touch()
    found = told(tmp_path)
    assert (found["files"], found["changed"]) == (["dist/demo-1.0.tar.gz"], {})

"""Real git repositories, apart from the git configuration of whoever runs the tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.triggers.folders import Folder


@pytest.fixture(autouse=True)
def lonely_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2024-05-06T07:08:09+02:00")


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Folder]:
    def make(name: str = "demo", *, git: bool = True) -> Folder:
        folder = Folder(tmp_path / name)
        folder.path.mkdir()
        if git:
            folder.git("init", "--quiet", "--initial-branch=main")
        return folder

    return make


@pytest.fixture
def repo(make_folder: Callable[..., Folder]) -> Folder:
    """A repository `demo` with one commit on `main`."""
    folder = make_folder()
    folder.commit("First", README="hello\n")
    return folder


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Where the private clone goes; its folder does not exist yet."""
    return tmp_path / "runs" / "1" / "clone.git"

"""Real git repositories, apart from the git configuration of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Folder:
    """A folder of a user, usually a git work tree."""

    path: Path

    def git(self, *words: str | Path) -> str:
        done = subprocess.run(["git", *words], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.rstrip("\n")

    def write(self, name: str, text: str = "") -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def commit(self, message: str = "Change", **files: str) -> str:
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def state(self) -> dict[str, bytes]:
        """Every file below, that of .git included, with its content."""
        files = (path for path in sorted(self.path.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.path)): path.read_bytes() for path in files}


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

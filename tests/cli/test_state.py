"""`.pysim/` that came with a repository: nothing of it is read, written or shown until somebody takes it over."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from simulator.cli.main import main
from simulator.errors import ExitCode
from simulator.paths import StateFolder

RECORD: Final = Path(__file__).parent.parent / "report/cases/go/events.jsonl"
WORKFLOW: Final = "on: {push: {tags: ['v*']}}\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: echo hello}]}}\n"
WHEEL: Final = "demo-1.0-py3-none-any.whl"
COMMANDS: Final = (
    ("run", "--tag", "v1.0.0", "--engine", "local", "--offline", "--plain"),
    ("report",),
    ("report", "{run}"),
    ("report", "{folder}"),
    ("index", "list"),
    ("index", "add", "other", "1.0"),
    ("clean", "--index", "--runs", "--cache"),
)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the key of this user lies."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data/pysim"


def pysim(root: Path, *words: str) -> int:
    return main([*words, "-C", str(root)])


def git(root: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "advice.addEmbeddedRepo=false")
    subprocess.run(["git", *settings, *words], cwd=root, check=True, capture_output=True)


def state_of_a_stranger(root: Path, *, wheel: str = WHEEL) -> StateFolder:
    """What a stranger's pysim made at a place of his: a kept index, whose wheel is named so, and a run that was GO."""
    root.mkdir(parents=True, exist_ok=True)
    assert pysim(root, "index", "add", "demo", "1.0") == ExitCode.GO
    state = StateFolder(root)
    with sqlite3.connect(state.index / "current/pypi/index.sqlite3") as database:
        for (table,) in list(database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")):
            if "filename" in [row[1] for row in database.execute(f"PRAGMA table_info({table})")]:
                database.execute(f"UPDATE {table} SET filename = ? WHERE filename = ?", (wheel, WHEEL))  # noqa: S608
    run = state.new_run(datetime.now(UTC))
    run.release()
    shutil.copy(RECORD, run.events)
    return state


def pull_request(tmp_path: Path, state: StateFolder, *, tracked: bool) -> Path:
    """A repository with that state in it, in git or beside it."""
    root = tmp_path / "reviewer"
    (root / ".github/workflows").mkdir(parents=True)
    (root / ".github/workflows/ci.yml").write_text(WORKFLOW)
    shutil.copytree(state.path, root / ".pysim", symlinks=True)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A", *(["-f"] if tracked else []))
    git(root, "commit", "-qm", "pr")
    git(root, "tag", "v1.0.0")
    return root


def content(folder: Path) -> Sequence[tuple[str, bytes | str]]:
    """All that is in a folder."""
    found = (Path(where, name) for where, *names in os.walk(folder) for each in names for name in each)
    return sorted(
        (str(path.relative_to(folder)), os.readlink(path) if path.is_symlink() else path.read_bytes())  # noqa: PTH115
        for path in found
        if path.is_symlink() or path.is_file()
    )


@pytest.mark.parametrize("tracked", [True, False], ids=["tracked", "beside-git"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_state_of_a_stranger_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str], tracked: bool
) -> None:
    root = pull_request(tmp_path, state_of_a_stranger(tmp_path / "stranger"), tracked=tracked)
    (run,) = (root / ".pysim/runs").iterdir()
    before = content(root / ".pysim")
    capsys.readouterr()
    code = pysim(root, *(word.format(run=run.name, folder=run) for word in words))
    shown = capsys.readouterr()
    assert code == ExitCode.USAGE, shown.err
    assert "GO" not in shown.out
    (first, *_) = shown.err.splitlines()
    assert ("Git tracks '.pysim/" if tracked else "has no mark of having been made by pysim") in first
    assert ("git rm -rf .pysim" if tracked else "pysim clean --adopt") in shown.err
    assert content(root / ".pysim") == before


def test_somebody_may_take_it_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = pull_request(tmp_path, state_of_a_stranger(tmp_path / "stranger"), tracked=False)
    assert pysim(root, "clean", "--adopt") == ExitCode.GO
    assert "counts as your own" in capsys.readouterr().out
    assert pysim(root, "report") == ExitCode.GO
    assert pysim(root, "index", "show", "demo") == ExitCode.GO
    assert WHEEL in capsys.readouterr().out


def test_nobody_takes_over_what_git_tracks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = pull_request(tmp_path, state_of_a_stranger(tmp_path / "stranger"), tracked=True)
    assert pysim(root, "clean", "--adopt") == ExitCode.USAGE
    assert "Git tracks" in capsys.readouterr().err
    assert pysim(root, "index", "list") == ExitCode.USAGE


@pytest.mark.parametrize("name", ["../" * 5 + "sub/file", "/etc/passwd", "..", ".netrc", "a/b-1.0.tar.gz", "demo.whl"])
def test_a_file_name_that_no_distribution_has_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Also in a state that somebody took over: the name would be a place elsewhere."""
    state = state_of_a_stranger(tmp_path / "mine", wheel=name)
    (tmp_path / "mine/sub").mkdir()
    (tmp_path / "mine/sub/file").write_text("theirs")
    capsys.readouterr()
    for words in (("index", "list"), ("index", "add", "other", "1.0")):
        assert pysim(state.root, *words) == ExitCode.USAGE
        shown = capsys.readouterr()
        assert "Not the name of a distribution" in shown.err
        assert not shown.out


def test_a_generation_elsewhere_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = state_of_a_stranger(tmp_path / "mine")
    (state.index / "current").unlink()
    (state.index / "current").symlink_to("..")
    assert pysim(state.root, "index", "list") == ExitCode.USAGE
    assert ".pysim/index/current is a link" in capsys.readouterr().err
    (state.index / "current").unlink()
    (state.index / "current").symlink_to("lock")
    assert pysim(state.root, "index", "list") == ExitCode.USAGE
    assert "Not a generation of the index" in capsys.readouterr().err


def test_the_mark_is_of_one_place_and_one_user(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = state_of_a_stranger(tmp_path / "mine")
    key = data / "state-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert pysim(state.root, "index", "list") == ExitCode.GO
    link = tmp_path / "link"
    link.symlink_to(state.root)
    assert pysim(link, "index", "list") == ExitCode.GO
    shutil.copytree(state.root, tmp_path / "copy", symlinks=True)
    assert pysim(tmp_path / "copy", "index", "list") == ExitCode.USAGE
    mark = state.path / ".made-by"
    right = mark.read_text()
    for wrong in ("", "x", right[:-2] + ("0\n" if right[-2] != "0" else "1\n"), right + right):
        mark.write_text(wrong)
        assert pysim(state.root, "index", "list") == ExitCode.USAGE
    mark.write_text(right)
    key.unlink()
    assert pysim(state.root, "index", "list") == ExitCode.USAGE
    assert not key.exists(), "nobody who only looks makes one"
    key.write_bytes(b"short")
    capsys.readouterr()
    assert pysim(state.root, "clean", "--adopt") == ExitCode.USAGE
    assert "is no key of 32 bytes" in capsys.readouterr().err


def test_who_only_looks_leaves_nothing(tmp_path: Path, data: Path) -> None:
    assert pysim(tmp_path, "index", "list") == ExitCode.GO
    assert not (tmp_path / ".pysim").exists()
    assert not data.exists()

"""What is said of a repository before its rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from simulator import process
from simulator.operations.notices import notices
from simulator.triggers.repository import read_identity, take_source

TABLE = "[repository] in pysim.toml"
WHO = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]


def git(root: Path, *words: str) -> None:
    process.run(["git", *WHO, *words], cwd=root)


def commit(root: Path, text: str) -> None:
    (root / "file").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two commits and a remote."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "https://github.com/octo/project.git")
    commit(folder, "one")
    git(folder, "tag", "v0.9")
    git(folder, "tag", "v1")
    git(folder, "tag", "-a", "-m", "two", "v2")
    commit(folder, "two")
    return folder


def said(root: Path, tag: str, *, worktree: bool = False, named: bool = False) -> Sequence[str]:
    identity = read_identity(root)
    source = take_source(root, root.parent / "clone.git", tag=tag, worktree=worktree)
    return [
        f"{note.message} {note.hint} {note.remedies}"
        for note in notices(identity, source, tag=tag, named=named, table=TABLE)
    ]


def test_a_new_tag_of_a_clean_repository_needs_no_word(root: Path) -> None:
    assert said(root, "v3") == []


@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_a_tag_that_leads_elsewhere(root: Path, tag: str) -> None:
    (note,) = said(root, tag)
    assert f"The tag {tag} exists and leads to commit" in note
    assert f"git tag -d {tag}" in note


def test_a_tag_on_a_detached_head(root: Path) -> None:
    git(root, "checkout", "-q", "--detach", "v1")
    assert said(root, "v1") == []


def test_a_new_tag_that_no_version_tag_shows_the_kind_of(root: Path) -> None:
    git(root, "tag", "-d", "v0.9")
    (note,) = said(root, "v3")
    assert "v3 is made as an annotated tag, as no version tag shows" in note
    assert "git tag -a v3" in note


def test_a_new_tag_that_is_annotated_as_the_others_are(root: Path) -> None:
    git(root, "tag", "-a", "-m", "last", "v2.9")
    (note,) = said(root, "v3")
    assert "v3 is made as an annotated tag, as v2.9 is one" in note


def test_changes_that_are_not_rehearsed(root: Path) -> None:
    for number in range(8):
        (root / f"new-{number}").write_text("x")
    (note,) = said(root, "v3")
    assert "new-4 and 3 more" in note
    assert "use-worktree" in note


def test_changes_that_are_rehearsed_need_no_word(root: Path) -> None:
    (root / "new").write_text("x")
    assert said(root, "v3", worktree=True) == []


def test_a_shallow_clone(root: Path) -> None:
    shallow = root.parent / "shallow"
    git(root.parent, "clone", "-q", "--depth", "1", f"file://{root}", str(shallow))
    git(shallow, "remote", "set-url", "origin", "git@github.com:octo/project.git")
    git(shallow, "tag", "v0.9")
    (note,) = said(shallow, "v3")
    assert "git fetch --unshallow --tags" in note


def test_a_repository_that_no_remote_names(root: Path) -> None:
    git(root, "remote", "remove", "origin")
    (note,) = said(root, "v3")
    assert "local/project stands in" in note
    assert "[repository]" in note
    assert said_again(root) == []


def said_again(root: Path) -> Sequence[str]:
    process.run(["rm", "-rf", str(root.parent / "clone.git")])
    return said(root, "v3", named=True)


def test_changes_of_the_configuration_count_without_a_commit(root: Path) -> None:
    (root / "pysim.toml").write_text("[vars]\n")
    (root / "file").write_text("three")
    (note,) = said(root, "v3")
    assert "changes that it does not hold: file " in note

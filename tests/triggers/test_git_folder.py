"""What is copied of a repository as data: every form in which git keeps one, and nothing that it may be led to."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.triggers.git_folder import GitFolder
from simulator.triggers.repository import read_identity, take_source
from simulator.triggers.work_tree import list_worktree

from .folders import Folder


def refs(folder: Path) -> list[str]:
    return (
        Folder(folder).git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags").split("\n")
    )


@pytest.mark.parametrize("kept", ["loose", "packed", "both"])
def test_refs_and_objects_come_along(repo: Folder, clone: Path, kept: str) -> None:
    repo.git("tag", "--annotate", "--message", "One", "v1")
    repo.git("branch", "fix/ümlaut")
    if kept != "loose":
        repo.git("gc", "--quiet")
        repo.git("pack-refs", "--all")
    if kept == "both":
        repo.commit("Later")
        repo.git("tag", "--force", "--annotate", "--message", "Moved", "v1")
    before = repo.state()
    source = take_source(repo.path, clone, tag="v1")
    assert refs(clone) == refs(repo.path)
    assert source.sha == repo.git("rev-parse", "v1^{commit}")
    assert Folder(clone).git("fsck", "--full", "--no-dangling") == ""
    assert repo.state() == before


def test_a_repository_with_longer_names(tmp_path: Path, clone: Path) -> None:
    done = subprocess.run(["git", "init", "-q", "--object-format=sha256", "demo"], cwd=tmp_path, check=False)
    if done.returncode != 0:
        pytest.skip("this git has no SHA-256")
    repo = Folder(tmp_path / "demo")
    tip = repo.commit("First", README="hello\n")
    repo.write("new")
    source = take_source(repo.path, clone, tag="v1")
    assert (len(source.sha), source.sha, source.dirty) == (64, tip, ("new",))
    assert take_source(repo.path, clone.with_name("two.git"), tag="v1", worktree=True).snapshot


def test_a_shallow_clone_stays_one(repo: Folder, clone: Path, tmp_path: Path) -> None:
    repo.commit("Second")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", tmp_path / "copy")
    take_source(tmp_path / "copy", clone, tag="v1")
    assert Folder(clone).git("rev-parse", "--is-shallow-repository") == "true"
    assert Folder(clone).git("rev-list", "--count", "HEAD") == "1"


def test_the_folder_that_is_named_is_the_work_tree(repo: Folder, clone: Path, tmp_path: Path) -> None:
    """Whatever `core.worktree` says: it may name the home folder."""
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "mine").write_text("secret")
    repo.git("config", "core.worktree", other)
    repo.write("new")
    assert take_source(repo.path, clone).dirty == ("new",)
    assert list_worktree(repo.path) == ("README", "new")


def test_switches_of_the_work_tree_hold(repo: Folder, clone: Path) -> None:
    repo.git("config", "core.fileMode", "false")
    (repo.path / "README").chmod(0o755)
    assert take_source(repo.path, clone).dirty == ()


def test_a_submodule(make_folder: Callable[..., Folder], repo: Folder, clone: Path, tmp_path: Path) -> None:
    """Its own files are looked at, and as a repository it is read like any other."""
    make_folder("part").commit("Part", inside="one")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", tmp_path / "part", "sub/part")
    repo.commit("A submodule")
    part = Folder(repo.path / "sub/part")
    assert take_source(repo.path, clone).dirty == ()
    part.write("inside", "other")
    assert take_source(repo.path, clone.with_name("two.git")).dirty == ("sub/part",)
    assert take_source(part.path, clone.with_name("three.git"), tag="v1").dirty == ("inside",)
    moved = part.commit("Moved")
    fourth = take_source(repo.path, clone.with_name("four.git"), worktree=True)
    assert Folder(fourth.clone).git("rev-parse", f"{fourth.sha}:sub/part") == moved


def test_a_repository_whose_objects_are_borrowed_is_refused(repo: Folder, clone: Path, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--shared", repo.path, tmp_path / "copy")
    with pytest.raises(UsageError, match="borrows objects") as error:
        take_source(tmp_path / "copy", clone)
    assert "git repack -a -d" in error.value.hint


def test_a_work_tree_that_was_moved_is_told_how_to_mend(repo: Folder, clone: Path, tmp_path: Path) -> None:
    repo.git("worktree", "add", "--quiet", "-b", "other", tmp_path / "linked")
    (tmp_path / "linked").rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="of no work tree here") as error:
        read_identity(tmp_path / "moved")
    assert "git worktree repair" in error.value.hint
    Folder(tmp_path / "moved").git("worktree", "repair")
    assert take_source(tmp_path / "moved", clone).sha == repo.git("rev-parse", "other")


def test_names_that_are_none_of_gits_are_passed_over(repo: Folder, clone: Path) -> None:
    tip = repo.git("rev-parse", "HEAD")
    packed = [f"{tip} refs/heads/../../config", f"{tip} refs/tags/a.lock", f"{tip} refs/tags/ok", "nonsense"]
    (repo.path / ".git/packed-refs").write_text("\n".join(packed))
    (repo.path / ".git/refs/tags/gone").write_text("1" * 40)
    assert set(GitFolder.of(repo.path).refs) == {"refs/heads/main", "refs/tags/gone", "refs/tags/ok"}
    take_source(repo.path, clone)
    assert [row.split(" ")[0] for row in refs(clone)] == ["refs/heads/main", "refs/tags/ok"]

"""The private clone: what it holds, what it leads to, and that the user's folder is left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.safe_files import LARGEST_FILE
from simulator.triggers.model import Source
from simulator.triggers.repository import check_tag_name, list_files, list_folder, read_file, take_source

from .folders import Folder


def files(source: Source) -> dict[str, str]:
    """Paths of the rehearsed commit and their modes."""
    listing = Folder(source.clone).git("ls-tree", "-r", source.sha)
    rows = (line.split("\t") for line in listing.splitlines())
    return {path: meta.split(" ")[0] for meta, path in rows}


def resolved(source: Source, name: str) -> str:
    return Folder(source.clone).git("rev-parse", name)


class TestCommit:
    def test_a_new_tag_is_made_on_head_in_the_clone_alone(self, repo: Folder, clone: Path) -> None:
        before = repo.state()
        source = take_source(repo.path, clone, tag="v1.0")
        assert resolved(source, "refs/tags/v1.0^{commit}") == source.sha == repo.git("rev-parse", "HEAD")
        assert repo.state() == before
        assert not source.snapshot

    def test_an_existing_tag_is_rehearsed_where_it_is(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "--annotate", "--message", "One", "v1.0")
        tagged = repo.git("rev-parse", "HEAD")
        repo.commit("Later")
        source = take_source(repo.path, clone, tag="v1.0")
        assert source.sha == tagged
        assert resolved(source, "refs/tags/v1.0") == repo.git("rev-parse", "refs/tags/v1.0") != tagged

    @pytest.mark.parametrize(
        ("tags", "kind"),
        [
            ([("-a", "v0.9")], "tag"),
            ([("-f", "v0.9")], "commit"),
            ([("-f", "v0.8"), ("-a", "v0.9")], "tag"),
            ([("-a", "v0.8"), ("-f", "v0.9")], "commit"),
            ([("-a", "v0.9"), ("-f", "v0")], "tag"),
            ([("-a", "v0.8"), ("-f", "docs-0.9")], "tag"),
            ([("-f", "latest")], "tag"),
            ([], "tag"),
        ],
    )
    def test_a_new_tag_is_of_the_kind_of_the_newest_version_tag(
        self, repo: Folder, clone: Path, monkeypatch: pytest.MonkeyPatch, tags: list[tuple[str, str]], kind: str
    ) -> None:
        for day, (option, name) in enumerate(tags, start=1):
            for role in ("AUTHOR", "COMMITTER"):
                monkeypatch.setenv(f"GIT_{role}_DATE", f"2024-06-0{day}T00:00:00Z")
            repo.commit(name)
            repo.git("tag", option, name, *(("-m", "x") if option == "-a" else ()))
        source = take_source(repo.path, clone, tag="v1.0")
        assert Folder(clone).git("cat-file", "-t", "v1.0") == kind
        assert resolved(source, "refs/tags/v1.0^{commit}") == source.sha
        described = subprocess.run(["git", "describe", "--exact-match"], cwd=clone, capture_output=True, check=False)
        assert (described.returncode == 0) == (kind == "tag")

    def test_a_tag_that_is_moved_to_a_snapshot_keeps_its_kind(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "--annotate", "--message", "One", "v1.0")
        repo.write("README", "changed\n")
        take_source(repo.path, clone, tag="v1.0", worktree=True)
        assert Folder(clone).git("cat-file", "-t", "v1.0") == "tag"

    def test_branches_and_tags_come_along(self, repo: Folder, clone: Path) -> None:
        repo.git("branch", "fix/one")
        repo.git("tag", "v0.9")
        source = take_source(repo.path, clone, tag="v1.0")
        assert resolved(source, "refs/heads/fix/one") == source.sha
        assert resolved(source, "refs/tags/v0.9") == source.sha
        assert Folder(clone).git("describe", "--tags", "--match=v0*") == "v0.9"

    def test_a_tag_on_a_branch(self, repo: Folder, clone: Path) -> None:
        repo.git("checkout", "--quiet", "-b", "next")
        tip = repo.commit("Next")
        repo.git("checkout", "--quiet", "main")
        source = take_source(repo.path, clone, tag="v2", branch="next")
        assert source.sha == tip == resolved(source, "refs/tags/v2^{commit}")

    def test_a_detached_head(self, repo: Folder, clone: Path) -> None:
        repo.git("checkout", "--quiet", "--detach")
        tip = repo.commit("On no branch")
        assert take_source(repo.path, clone, tag="v1").sha == tip

    def test_a_branch_that_only_the_remote_has(self, repo: Folder, clone: Path, tmp_path: Path) -> None:
        repo.git("branch", "stable")
        repo.git("clone", "--quiet", repo.path, tmp_path / "copy")
        source = take_source(tmp_path / "copy", clone, branch="stable")
        assert resolved(source, "refs/heads/stable") == source.sha

    def test_a_shallow_clone(self, repo: Folder, clone: Path, tmp_path: Path) -> None:
        repo.commit("Second")
        repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", tmp_path / "copy")
        assert take_source(tmp_path / "copy", clone, tag="v1").sha == repo.git("rev-parse", "HEAD")

    def test_a_linked_work_tree(self, repo: Folder, clone: Path, tmp_path: Path) -> None:
        repo.git("worktree", "add", "--quiet", "-b", "other", tmp_path / "linked")
        linked = Folder(tmp_path / "linked")
        tip = linked.commit("Other")
        linked.write("new")
        source = take_source(linked.path, clone, tag="v1")
        assert (source.sha, source.dirty) == (tip, ("new",))

    def test_dirty_paths(self, repo: Folder, clone: Path) -> None:
        repo.commit("More", **{"old": "", ".gitignore": "*.log\n"})
        repo.write("README", "changed")
        repo.write("ignored.log")
        repo.write("staged é")
        repo.git("add", "staged é")
        repo.git("mv", "old", "renamed")
        repo.write("new/folder/file")
        repo.write(".pysim/runs/1")
        before = repo.state()
        source = take_source(repo.path, clone)
        assert sorted(source.dirty) == ["README", "new/", "old", "renamed", "staged é"]
        assert repo.state() == before

    def test_the_users_own_ignore_file_holds(self, repo: Folder, clone: Path) -> None:
        rules = Path.home() / "rules"
        rules.write_text(".idea/\n", encoding="utf-8")
        repo.git("config", "--global", "core.excludesFile", "~/rules")
        repo.write(".idea/workspace.xml")
        assert take_source(repo.path, clone).dirty == ()

    def test_reading_the_commit(self, repo: Folder, clone: Path) -> None:
        for name in ("b.yml", "a.yml", "sub/c.yml"):
            repo.write(f".github/workflows/{name}", name)
        repo.commit()
        repo.write(".github/workflows/later.yml")
        source = take_source(repo.path, clone)
        paths = list_folder(source, ".github/workflows/")
        assert paths == (".github/workflows/a.yml", ".github/workflows/b.yml")
        assert read_file(source, paths[0]) == b"a.yml"
        assert read_file(source, "missing") is None
        assert list_folder(source, "missing") == ()

    @pytest.mark.parametrize("packed", [False, True])
    def test_of_a_huge_file_the_beginning_is_read(self, repo: Folder, clone: Path, *, packed: bool) -> None:
        with repo.write("large").open("wb") as file:
            file.truncate(300 << 20)
        repo.commit("Large")
        if packed:
            repo.git("repack", "-adq")
        source = take_source(repo.path, clone)
        assert read_file(source, "large") == bytes(LARGEST_FILE + 1)

    def test_a_tree_without_end_is_refused(self, repo: Folder, clone: Path) -> None:
        """Trees in trees, each of ten times the one below."""
        blob = repo.git("hash-object", "-w", "--stdin")
        rows = [f"100644 blob {blob}\t{number}" for number in range(10)]
        for _ in range(7):
            made = subprocess.run(
                ["git", "mktree"], cwd=repo.path, input="\n".join(rows), check=True, capture_output=True, text=True
            )
            rows = [f"040000 tree {made.stdout.strip()}\t{number}" for number in range(10)]
        sha = repo.git("commit-tree", "-m", "x", made.stdout.strip())
        repo.git("tag", "bomb", sha)
        source = take_source(repo.path, clone, tag="bomb")
        with pytest.raises(UsageError, match=f"the files of commit {sha[:10]} take more than 64 MiB to list"):
            list_files(source)
        repo.git("update-ref", "refs/heads/main", sha)
        for worktree in (False, True):
            with pytest.raises(UsageError, match=f"the files of commit {sha[:10]} take more than 64 MiB to list"):
                take_source(repo.path, clone.with_name(f"second-{worktree}"), worktree=worktree)


class TestUnderOddCircumstances:
    def test_an_odd_global_configuration(self, repo: Folder, clone: Path, tmp_path: Path) -> None:
        marker = tmp_path / "hook-ran"
        hooks = tmp_path / "hooks"
        hooks.mkdir()
        for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-commit"):
            hook = hooks / name
            hook.write_text(f"#!/bin/sh\ntouch {marker}\nexit 1\n", encoding="utf-8")
            hook.chmod(0o755)
        repo.write("staged")
        repo.git("add", "staged")
        for settings in (
            ("core.hooksPath", str(hooks)), ("commit.gpgSign", "true"), ("tag.gpgSign", "true"),
            ("core.autocrlf", "true"), ("status.showUntrackedFiles", "no"), ("init.defaultBranch", "weird"),
            ("clone.defaultRemoteName", "upstream"), ("color.ui", "always"), ("core.pager", "false"),
            ("safe.bareRepository", "explicit"), ("fetch.prune", "true"), ("protocol.allow", "never"),
            ("status.short", "true"), ("alias.status", "!false"), ("core.fsmonitor", str(hooks / "pre-commit")),
        ):  # fmt: skip
            repo.git("config", "--global", *settings)
        repo.git("config", "core.hooksPath", hooks)
        repo.write("untracked")
        source = take_source(repo.path, clone, tag="v1")
        assert source.dirty == ("staged", "untracked")
        copy = take_source(repo.path, clone.with_name("second.git"), tag="v1", worktree=True)
        (Path.home() / ".gitconfig").unlink()
        assert set(files(copy)) == {"README", "staged", "untracked"}
        assert not marker.exists()

    def test_a_hook_of_another_repository_calls_pysim(
        self, repo: Folder, clone: Path, make_folder: Callable[..., Folder], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = make_folder("other")
        other.commit("Other")
        monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
        source = take_source(repo.path, clone)
        monkeypatch.undo()
        assert source.sha == repo.git("rev-parse", "HEAD")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_repository_of_another_user(self, repo: Folder, clone: Path) -> None:
        try:
            for path in (repo.path, *repo.path.rglob("*")):
                os.chown(path, 12345, 12345)
        except OSError:
            pytest.skip("root of a user namespace has no other user to give it to")
        source = take_source(repo.path, clone, tag="v1")
        assert resolved(source, "refs/tags/v1^{commit}") == source.sha

    def test_a_broken_repository(self, repo: Folder, clone: Path) -> None:
        (repo.path / ".git" / "HEAD").write_text("nonsense", encoding="utf-8")
        with pytest.raises(UsageError, match="git cannot read the repository"):
            take_source(repo.path, clone)

    def test_a_missing_branch(self, repo: Folder, clone: Path) -> None:
        with pytest.raises(UsageError, match="There is no branch mian") as error:
            take_source(repo.path, clone, branch="mian")
        assert error.value.hint == "Did you mean main?"

    def test_a_tag_of_something_else(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "v1", "HEAD^{tree}")
        with pytest.raises(UsageError, match="leads to no commit"):
            take_source(repo.path, clone, tag="v1")

    def test_a_tag_where_a_folder_of_tags_is(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "v1/beta")
        with pytest.raises(UsageError, match="cannot make the tag v1"):
            take_source(repo.path, clone, tag="v1")


class TestSnapshot:
    def test_a_folder_without_git(self, make_folder: Callable[..., Folder], clone: Path) -> None:
        folder = make_folder("plain", git=False)
        folder.write("src/tool.sh", "#!/bin/sh\n").chmod(0o755)
        (folder.path / "link").symlink_to("src/tool.sh")
        folder.write(".gitignore", "*.log\n")
        for left_out in ("x.log", ".pysim/a", ".venv/bin/b", "src/__pycache__/c.pyc", ".secrets", ".env"):
            folder.write(left_out, "no")
        before = folder.state()
        source = take_source(folder.path, clone, tag="v1", default_branch="trunk")
        assert files(source) == {"src/tool.sh": "100755", "link": "120000", ".gitignore": "100644"}
        assert source.snapshot
        assert source.dirty == ()
        assert source.sha == resolved(source, "refs/tags/v1^{commit}") == resolved(source, "refs/heads/trunk")
        assert folder.state() == before

    def test_equal_files_give_an_equal_commit(self, make_folder: Callable[..., Folder], clone: Path) -> None:
        one, two = make_folder("one", git=False), make_folder("two", git=False)
        for folder in (one, two):
            folder.write("a/b", "same")
        os.utime(two.path / "a" / "b", (1, 1))
        first = take_source(one.path, clone)
        assert take_source(two.path, clone.with_name("two.git")).sha == first.sha
        two.write("a/b", "other")
        assert take_source(two.path, clone.with_name("three.git")).sha != first.sha

    def test_a_folder_inside_another_repository(self, repo: Folder, clone: Path) -> None:
        repo.write(".gitignore", "sample\n")
        inner = repo.write("sample/.github/workflows/pypi.yml").parents[2]
        source = take_source(inner, clone, tag="v1")
        assert list(files(source)) == [".github/workflows/pypi.yml"]
        assert source.snapshot

    def test_a_repository_without_a_commit(self, make_folder: Callable[..., Folder], clone: Path) -> None:
        folder = make_folder()
        folder.write(".gitignore", "kept\n")
        folder.write("kept")
        folder.git("add", "--force", "kept")
        source = take_source(folder.path, clone, tag="v1")
        assert set(files(source)) == {".gitignore", "kept"}
        assert source.snapshot

    def test_the_work_tree_stands_on_the_commit(self, repo: Folder, clone: Path) -> None:
        repo.commit("More", **{".gitignore": "*.dat\n.venv\n", "gone": "", "kept": ""})
        repo.write("old.dat", "tracked")
        repo.git("add", "--force", "old.dat")
        head = repo.commit("With data")
        repo.write("old.dat", "changed")
        repo.write("forced.dat")
        repo.git("add", "--force", "forced.dat")
        repo.write("new.dat")
        repo.write("new")
        repo.write(".git/info/exclude", "private\n")
        repo.write("private")
        (repo.path / "gone").unlink()
        before = repo.state()
        source = take_source(repo.path, clone, tag="v1", worktree=True)
        assert set(files(source)) == {"README", ".gitignore", "kept", "old.dat", "forced.dat", "new"}
        assert read_file(source, "old.dat") == b"changed"
        assert resolved(source, f"{source.sha}^") == head
        assert resolved(source, "refs/heads/main") == source.sha
        assert source.snapshot
        assert source.dirty == ()
        assert repo.state() == before

    def test_a_clean_work_tree_is_the_commit(self, repo: Folder, clone: Path) -> None:
        source = take_source(repo.path, clone, worktree=True)
        assert (source.sha, source.snapshot) == (repo.git("rev-parse", "HEAD"), False)

    def test_a_tag_moves_to_the_changed_work_tree_in_the_clone(self, repo: Folder, clone: Path) -> None:
        repo.git("tag", "v1")
        repo.write("new")
        source = take_source(repo.path, clone, tag="v1", worktree=True)
        assert resolved(source, "refs/tags/v1^{commit}") == source.sha != repo.git("rev-parse", "v1")

    def test_repositories_inside_the_folder(self, make_folder: Callable[..., Folder], clone: Path) -> None:
        folder = make_folder("plain", git=False)
        folder.write("file")
        for name in ("unborn", "grown"):
            (folder.path / name).mkdir()
            Folder(folder.path / name).git("init", "--quiet")
        Folder(folder.path / "grown").commit("One", inner="")
        assert files(take_source(folder.path, clone)) == {"file": "100644", "grown": "160000"}


class TestTagName:
    @pytest.mark.parametrize("tag", ["v1", "v1.0.0-rc.1", "release/2024", "ünï-código", "@", "v1+local", "1.0"])
    def test_good(self, tag: str) -> None:
        check_tag_name(tag)

    @pytest.mark.parametrize(
        ("tag", "words"),
        [
            ("", "it is empty"),
            ("v 1", r"a space, character 2"),
            ("v1~", r"a tilde \(~\), character 3"),
            ("v1^{}", r"a caret"),
            ("v:1", r"a colon"),
            ("v?", r"a question mark"),
            ("v*", r"an asterisk"),
            ("v[1]", r"an opening bracket"),
            ("v\\1", r"a backslash"),
            ("v\t1", r'"v\\t1" .*control character \(U\+0009\)'),
            ("v\x7f", r"control character \(U\+007F\)"),
            ("v\udcff", r"character 2 is not UTF-8"),
            ("v1..2", r"two dots in a row"),
            ("v@{1", r"the sequence @{"),
            ("a//b", r"two slashes"),
            ("/v1", "it begins with /"),
            ("-v1", "it begins with -"),
            ("v1/", "it ends with /"),
            ("v1.", "it ends with ."),
            (".v1", "begins with a dot"),
            ("a/.b", "begins with a dot"),
            ("v1.lock", r"ends with \.lock"),
        ],
    )
    def test_bad(self, tag: str, words: str) -> None:
        with pytest.raises(UsageError, match=words):
            check_tag_name(tag)

    @pytest.mark.parametrize("tag", ["v1", "v 1", "v..1", "a.lock/b", "x@{", "ü", "v1.", "*"])
    def test_agrees_with_git(self, tag: str) -> None:
        git_takes_it = os.waitstatus_to_exitcode(os.system(f"git check-ref-format 'refs/tags/{tag}'")) == 0  # noqa: S605
        try:
            check_tag_name(tag)
        except UsageError:
            assert not git_takes_it
        else:
            assert git_takes_it

    def test_a_bad_name_makes_no_clone(self, repo: Folder, clone: Path) -> None:
        with pytest.raises(UsageError):
            take_source(repo.path, clone, tag="v 1")
        assert not clone.exists()


def test_no_trace_of_the_users_path_in_the_clone(repo: Folder, clone: Path) -> None:
    source = take_source(repo.path, clone, tag="v1")
    shutil.rmtree(repo.path)
    assert str(repo.path) not in (clone / "config").read_text(encoding="utf-8")
    assert read_file(source, "README") == b"hello\n"

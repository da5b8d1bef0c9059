"""Where the files of actions are from: a server, the cache of this machine, copies that the user names."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.actions.errors import MissingOfflineError, UnavailableActionError, UnknownActionError, UnreachableError
from simulator.actions.remote import Remote
from simulator.actions.repositories import Repositories, parse_local_repository
from simulator.errors import UsageError
from simulator.remedies import Act, remedy
from tests.actions.git_server import AUTHOR, GitServer, serve
from tests.git import run_git as git

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "served"
    root.mkdir()
    with serve(root) as started:
        yield started


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def repositories(
    cache: Path, url: str, *local: str, offline: bool = False, told: list[str] | None = None
) -> Repositories:
    return Repositories(
        cache,
        local=[parse_local_repository(text, cache.parent) for text in local],
        offline=offline,
        progress=(told if told is not None else []).append,
        remote=Remote(url=url),
    )


# ---- fetched


@pytest.mark.parametrize("ref", ["v1", "main", "feature/x", "refs/tags/v1", "the commit"])
def test_a_ref_leads_to_the_files_of_its_commit(server: GitServer, cache: Path, ref: str) -> None:
    commit = server.commit("octo/tool", {"action.yml": "one", "lib/a.js": "a"}, tag="v1")
    git("branch", "feature/x", commit, cwd=server.root / "octo/tool")
    told: list[str] = []
    given = commit if ref == "the commit" else ref
    found = repositories(cache, server.url, told=told).snapshot("octo", "tool", given)
    assert (found.commit, found.folder) == (commit, cache / "octo/tool" / commit)
    full = {"main": "refs/heads/main", "feature/x": "refs/heads/feature/x", "the commit": commit}
    assert found.ref == full.get(ref, "refs/tags/v1")
    assert sorted(path.name for path in found.folder.rglob("*.*")) == ["a.js", "action.yml"]
    assert told == [f"fetching octo/tool@{given} ({commit[:10]})"]
    assert not list((cache / "incoming").iterdir())


def test_a_tag_is_meant_before_a_branch_of_the_same_name(server: GitServer, cache: Path) -> None:
    tagged = server.commit("octo/tool", {"a": "tagged"}, tag="v1")
    server.commit("octo/tool", {"a": "branch"}, branch="v1")
    assert repositories(cache, server.url).snapshot("octo", "tool", "v1").commit == tagged


def test_a_ref_that_moved_is_looked_up_again_and_only_new_files_are_fetched(server: GitServer, cache: Path) -> None:
    first = server.commit("octo/tool", {"a": "one"}, tag="v1")
    both = repositories(cache, server.url)
    assert both.snapshot("octo", "tool", "v1").commit == first
    second = server.commit("octo/tool", {"a": "two"}, tag="v1")
    assert both.snapshot("Octo", "Tool", "v1").commit == first, "within one run a tag stays where it is"
    assert repositories(cache, server.url).snapshot("octo", "tool", "v1").commit == second
    server.requests.clear()
    assert repositories(cache, server.url).snapshot("OCTO", "tool", "v1").commit == second
    assert all("ref" in path or "upload-pack" in path for path in server.requests)
    server.requests.clear()
    assert repositories(cache, server.url).snapshot("octo", "tool", second).commit == second
    assert server.requests == [], "a commit that is here is not asked for"


@pytest.mark.parametrize(
    ("owner", "repo", "ref", "said"),
    [
        ("octo", "tool", "v9", "Unable to resolve action `octo/tool@v9`, unable to find version `v9`"),
        ("octo", "tool", "b" * 40, f"unable to find version `{'b' * 40}`"),
        ("octo", "nothing", "v1", "Unable to resolve action `octo/nothing@v1`, repository not found"),
        ("..", "..", "v1", "Unable to resolve action `../..@v1`, repository not found"),
        ("octo", "a b", "v1", "repository not found"),
    ],
)
def test_what_is_not_there_is_said_in_githubs_words(
    server: GitServer, cache: Path, owner: str, repo: str, ref: str, said: str
) -> None:
    server.commit("octo/tool", {"a": "one"}, tag="v1")
    with pytest.raises(UnknownActionError) as error:
        repositories(cache, server.url).snapshot(owner, repo, ref)
    assert said in str(error.value)
    assert not isinstance(error.value, UnreachableError | MissingOfflineError)


def test_a_shortened_commit_is_explained(server: GitServer, cache: Path) -> None:
    commit = server.commit("octo/tool", {"a": "one"}, tag="v1")
    with pytest.raises(UnknownActionError) as error:
        repositories(cache, server.url).snapshot("octo", "tool", commit[:9])
    assert "write all 40 digits" in error.value.hint


def test_without_an_answer_a_known_ref_is_taken_as_it_was(server: GitServer, cache: Path) -> None:
    commit = server.commit("octo/tool", {"a": "one"}, tag="v1")
    repositories(cache, server.url).snapshot("octo", "tool", "v1")
    told: list[str] = []
    silent = repositories(cache, NOBODY, told=told)
    assert silent.snapshot("octo", "tool", "v1").commit == commit
    assert "Cannot fetch octo/tool@v1" in told[0]
    assert f"taken as it was, at {commit[:10]}" in told[0]
    with pytest.raises(UnreachableError, match=r"Cannot fetch octo/other@v1: .* did not answer before"):
        silent.snapshot("octo", "other", "v1")


def test_offline_nothing_is_asked(server: GitServer, cache: Path) -> None:
    commit = server.commit("octo/tool", {"a": "one"}, tag="v1")
    repositories(cache, server.url).snapshot("octo", "tool", "v1")
    server.requests.clear()
    offline = repositories(cache, server.url, offline=True)
    assert offline.snapshot("octo", "tool", "v1").commit == commit
    for ref in ("v2", "c" * 40):
        with pytest.raises(MissingOfflineError) as error:
            offline.snapshot("octo", "tool", ref)
        assert error.value.missing == (f"octo/tool@{ref}",)
        assert error.value.remedies == (remedy(Act.GO_ONLINE), remedy(Act.USE_COPY, f"octo/tool@{ref}"))
    assert server.requests == []


def test_several_may_fetch_at_once(server: GitServer, cache: Path) -> None:
    commit = server.commit("octo/tool", {f"f{number}": "x" * number for number in range(50)}, tag="v1")
    found: list[str | None] = []

    def fetch() -> None:
        snapshot = repositories(cache, server.url).snapshot("octo", "tool", "v1")
        found.append(snapshot.commit if len(list(snapshot.folder.iterdir())) == 50 else None)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [commit] * 4
    assert [path.name for path in (cache / "octo/tool").iterdir() if path.name != "refs"] == [commit]


def test_a_link_out_of_the_repository_leads_nowhere(server: GitServer, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    server.commit("octo/tool", {"action.yml": f"link:{tmp_path}/secret", "b": "link:a", "a": "text"}, tag="v1")
    found = repositories(cache, server.url)
    assert found.read("octo", "tool", "v1", "b") == b"text"
    for path in ("action.yml", "../../../../secret", "missing"):
        with pytest.raises(FileNotFoundError):
            found.read("octo", "tool", "v1", path)


def test_the_users_git_configuration_runs_nothing(
    server: GitServer, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of the user's, and a repository's own wish for an attribute filter."""
    hooks, ran = tmp_path / "hooks", tmp_path / "ran"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f'[core]\nhooksPath = {hooks}\n[filter "f"]\nsmudge = touch {ran}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    server.commit("octo/tool", {".gitattributes": "* filter=f", "a": "text"}, tag="v1")
    assert repositories(cache, server.url).read("octo", "tool", "v1", "a") == b"text"
    assert not ran.exists()


@pytest.mark.parametrize("address", ["ext::touch ran", "file:///"])
def test_no_other_protocol_is_spoken(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "{address}"]\ninsteadOf = {NOBODY}/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreachableError, match="not allowed"):
        repositories(cache, NOBODY).snapshot("octo", "tool", "v1")
    assert not (tmp_path / "ran").exists()


def test_a_called_workflow_is_read_through_the_same_door(server: GitServer, cache: Path) -> None:
    server.commit("octo/tool", {".github/workflows/x.yml": "on: workflow_call"}, tag="v1")
    found = repositories(cache, server.url)
    assert found.called_workflow("octo/tool/.github/workflows/x.yml@v1") == b"on: workflow_call"
    assert found.called_workflow("octo/tool/.github/workflows/y.yml@v1") is None
    assert found.called_workflow("./.github/workflows/x.yml") is None
    with pytest.raises(UnknownActionError, match="unable to find version"):
        found.called_workflow("octo/tool/.github/workflows/x.yml@v2")


# ---- copies that the user names


@pytest.fixture
def clone(server: GitServer, tmp_path: Path) -> Path:
    """A clone with a working tree whose branch has gone on since v1."""
    server.commit("octo/tool", {"a": "one"}, tag="v1")
    server.commit("octo/tool", {"a": "two"})
    path = tmp_path / "clone"
    git("clone", "--quiet", server.root / "octo/tool", path, cwd=tmp_path)
    (path / "a").write_text("dirty")
    return path


@pytest.mark.parametrize("kind", ["clone", "bare", "worktree"])
def test_the_ref_is_taken_from_a_clone(server: GitServer, cache: Path, clone: Path, tmp_path: Path, kind: str) -> None:
    path = {"clone": clone, "bare": server.root / "octo/tool", "worktree": tmp_path / "tree"}[kind]
    if kind == "worktree":
        git("worktree", "add", "--quiet", "--detach", path, cwd=clone, env=AUTHOR)
    named = repositories(cache, NOBODY, f"Octo/tool={path}", offline=True)
    assert named.read("octo", "Tool", "v1", "a") == b"one"
    assert named.read("octo", "tool", "main", "a") == b"two"
    commit = git("rev-parse", "main", cwd=clone).text
    assert named.snapshot("octo", "tool", commit).commit == commit
    assert named.snapshot("octo", "tool", "v1").origin == str(path)
    assert [named.snapshot("octo", "tool", ref).ref for ref in ("v1", "main")] == ["refs/tags/v1", "refs/heads/main"]
    with pytest.raises(UnknownActionError, match="unable to find version `v3` in its copy") as error:
        named.snapshot("octo", "tool", "v3")
    assert f"git -C {path} fetch" in error.value.hint


def test_a_plain_folder_is_used_as_it_is(cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a").write_text("three")
    found = repositories(cache, NOBODY, "octo/tool@v1=plain").snapshot("octo", "tool", "v1")
    assert (found.folder, found.commit) == (folder, None)


def test_the_copy_for_the_very_ref_comes_first(cache: Path, tmp_path: Path) -> None:
    for name in ("any", "one"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(name)
    named = repositories(cache, NOBODY, "octo/tool=any", "octo/tool@v1=one")
    assert [named.read("octo", "tool", ref, "a") for ref in ("v1", "v2", "V1")] == [b"one", b"any", b"any"]


def test_a_clone_that_lacks_files_is_named(server: GitServer, cache: Path, tmp_path: Path) -> None:
    server.commit("octo/tool", {"a": "text"}, tag="v1")
    repository = server.root / "octo/tool"
    blob = git("rev-parse", "v1:a", cwd=repository).text
    (repository / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(UnavailableActionError, match="cannot be read") as error:
        repositories(cache, NOBODY, f"octo/tool={repository}").snapshot("octo", "tool", "v1")
    assert str(repository) in str(error.value)


@pytest.mark.parametrize("text", ["", "octo/tool", "tool@v1=.", "octo/tool@v1=", "octo/tool=nowhere", "../x=."])
def test_a_copy_that_is_no_copy(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not owner/repo@ref=PATH|there is no folder"):
        parse_local_repository(text, tmp_path)


def test_no_file_is_written_through_a_link(server: GitServer, cache: Path, tmp_path: Path) -> None:
    """Git makes no such tree, and no check of a fetch refuses one that a server made by hand."""
    (tmp_path / "outside").mkdir()
    repository = server.root / "octo/evil"
    server.commit("octo/evil", {"a": f"link:{tmp_path}/outside"})
    link = git("rev-parse", "main:a", cwd=repository).text
    server.commit("octo/evil", {"a/x": "written"})
    folder = git("rev-parse", "main:a", cwd=repository).text
    entries = f"120000 blob {link}\ta\n040000 tree {folder}\ta\n"
    tree = git("mktree", cwd=repository, stdin=entries.encode()).text
    commit = git("commit-tree", tree, "-m", "evil", cwd=repository, env=AUTHOR).text
    git("update-ref", "refs/heads/main", commit, cwd=repository)
    with pytest.raises(UnavailableActionError):
        repositories(cache, server.url).snapshot("octo", "evil", "main")
    assert not list((tmp_path / "outside").iterdir())


# ---- what is received and what is not for jobs to read


def test_a_plain_folder_in_a_work_tree_gives_what_git_keeps(cache: Path, tmp_path: Path) -> None:
    around = tmp_path / "around"
    (around / "app/inner").mkdir(parents=True)
    for name, text in {".gitignore": ".env\n", "app/inner/action.yml": "one", "app/.env": "TOKEN", "mine": "x"}.items():
        (around / name).write_text(text)
    (around / "app/link").symlink_to("../mine")
    git("init", "--quiet", cwd=around)
    git("add", "--all", cwd=around)
    found = repositories(cache, NOBODY, "octo/app@v1=around/app").snapshot("octo", "app", "v1")
    names = {path.relative_to(found.folder).as_posix() for path in found.folder.rglob("*")}
    assert names == {"inner", "inner/action.yml", "link"}
    assert (found.commit, found.origin) == (None, str(around / "app"))
    (around / "app/inner/action.yml").write_text("two")
    assert repositories(cache, NOBODY, "octo/app=around/app").read("octo", "app", "v1", "inner/action.yml") == b"two"


def test_a_plain_folder_that_git_keeps_nothing_of_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "around/app").mkdir(parents=True)
    (tmp_path / "around/app/action.yml").write_text("one")
    git("init", "--quiet", cwd=tmp_path / "around")
    with pytest.raises(UsageError, match="git keeps no file of it") as error:
        repositories(cache, NOBODY, "octo/app=around/app").snapshot("octo", "app", "v1")
    assert "git add" in error.value.hint


def test_a_bare_repository_among_the_files_of_a_work_tree_is_plain(
    server: GitServer, cache: Path, tmp_path: Path
) -> None:
    server.commit("octo/tool", {"a": "one"}, tag="v1")
    around = tmp_path / "around"
    git("init", "--quiet", around, cwd=tmp_path)
    git("clone", "--quiet", "--bare", server.root / "octo/tool", around / "tool", cwd=tmp_path)
    git("add", "--all", cwd=around)
    found = repositories(cache, NOBODY, "octo/tool=around/tool").snapshot("octo", "tool", "v1")
    assert found.commit is None
    assert (found.folder / "HEAD").is_file()


def test_the_configuration_of_the_folder_that_one_is_in_does_not_hold(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository's `insteadOf` would lead elsewhere, and its credential helper is a program."""
    got = tmp_path / "got"
    git("init", "--quiet", got, cwd=tmp_path)
    git("config", f"url.{NOBODY}/elsewhere/.insteadOf", f"{NOBODY}/", cwd=got)
    monkeypatch.chdir(got)
    with pytest.raises(UnreachableError) as error:
        repositories(cache, NOBODY).snapshot("octo", "tool", "v1")
    assert f"{NOBODY}/octo/tool" in str(error.value)
    assert "elsewhere" not in str(error.value)

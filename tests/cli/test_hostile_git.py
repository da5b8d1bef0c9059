"""Nothing that came with a repository runs, and nothing beyond it is read, when it is looked at or rehearsed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulator.cli.main import main
from tests.git import git

WORKFLOW = """
name: ci
on: {push: {tags: ['v*']}}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: octo/act@v1
      - run: echo hello
"""
ACTION = "name: act\nruns: {using: composite, steps: [{run: echo hello, shell: bash}]}\n"
TAG = ("--tag", "v1.0.0")
COMMANDS = [
    ("plan", *TAG),
    ("plan", *TAG, "--source", "worktree"),
    ("plan", "--branch", "main"),
    ("check",),
    ("run", "-n", *TAG),
    ("oidc", "explain", *TAG),
]


@pytest.fixture(autouse=True)
def lonely_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "user"))


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What must not come into being."""
    return tmp_path / "ran"


@pytest.fixture
def program(tmp_path: Path, marker: Path) -> Path:
    """What makes it."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a workflow that uses octo/act@v1."""
    return repository(tmp_path / "got", **{".github/workflows/ci.yml": WORKFLOW, "a.txt": "aaaa", "action.yml": ACTION})


def repository(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    git("init", "-q", cwd=folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git("add", "--all", cwd=folder)
    git("commit", "-q", "-m", "first", cwd=folder)
    git("tag", "v1", cwd=folder)
    return folder


def poison(folder: Path, config: Path, program: Path) -> None:
    """A configuration by which git would run a program for all that may be asked of a repository."""
    for key in ("filter.f.clean", "filter.f.smudge", "filter.f.process", "core.fsmonitor", "core.sshCommand",
                "core.gitProxy", "core.askPass", "core.alternateRefsCommand", "uploadpack.packObjectsHook",
                "diff.external", "gpg.program", "core.pager", "core.editor"):  # fmt: skip
        git("config", "--file", str(config), key, str(program), cwd=folder)
    git("config", "--file", str(config), "filter.f.required", "false", cwd=folder)
    git("config", "--file", str(config), "credential.helper", f"!{program}", cwd=folder)
    git("config", "--file", str(config), "core.hooksPath", str(program.parent / "hooks"), cwd=folder)
    hooks = program.parent / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        (hooks / name).write_bytes(program.read_bytes())
        (hooks / name).chmod(0o755)


def ask(root: Path, *words: str, copy: Path | None = None) -> int:
    named = ["--local-repository", f"octo/act@v1={copy or root}"] if words[0] in {"plan", "run"} else []
    return main([*words, *named, *(["--offline"] if words[0] == "run" else []), "-C", str(root)])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_received_repository_runs_nothing(root: Path, program: Path, marker: Path, words: tuple[str, ...]) -> None:
    (root / ".gitattributes").write_text("*.txt filter=f diff=f\n")
    git("add", ".gitattributes", cwd=root)
    git("commit", "-q", "-m", "attributes", cwd=root)
    poison(root, root / ".git/config", program)
    (root / "a.txt").write_text("bbbb")
    ask(root, *words)
    assert not marker.exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_submodule_that_came_along_runs_nothing(
    root: Path, program: Path, marker: Path, words: tuple[str, ...]
) -> None:
    part = repository(root / "part", **{".gitattributes": "* filter=f\n", "a.txt": "aaaa"})
    git("add", "part", cwd=root)
    git("commit", "-q", "-m", "a submodule", cwd=root)
    poison(root, part / ".git/config", program)
    (part / "a.txt").write_text("bbbb")
    ask(root, *words)
    assert not marker.exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_bare_repository_among_the_files_runs_nothing(
    root: Path, tmp_path: Path, program: Path, marker: Path, words: tuple[str, ...]
) -> None:
    seed = repository(tmp_path / "seed", **{".gitattributes": "* filter=f\n", "action.yml": ACTION})
    bare = root / "vendor/act"
    git("clone", "-q", "--bare", str(seed), str(bare), cwd=tmp_path)
    poison(root, bare / "config", program)
    git("add", "--all", cwd=root)
    git("commit", "-q", "-m", "a bare repository", cwd=root)
    ask(root, *words, copy=bare)
    assert not marker.exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", ["clone", "bare"])
def test_a_copy_that_was_received_runs_nothing(
    root: Path, tmp_path: Path, program: Path, marker: Path, kind: str, words: tuple[str, ...]
) -> None:
    copy = repository(tmp_path / "copy", **{".gitattributes": "* filter=f\n", "action.yml": ACTION})
    if kind == "bare":
        git("clone", "-q", "--bare", str(copy), str(tmp_path / "bare"), cwd=tmp_path)
        copy = tmp_path / "bare"
    poison(root, copy / ("config" if kind == "bare" else ".git/config"), program)
    assert ask(root, *words, copy=copy) in {0, 1}
    assert not marker.exists()


# ---- what leads elsewhere


def led_by_commondir(git_folder: Path, private: Path) -> None:
    (git_folder / "commondir").write_text(f"{private / '.git'}\n")


def led_by_alternates(git_folder: Path, private: Path) -> None:
    (git_folder / "objects/info").mkdir(exist_ok=True)
    (git_folder / "objects/info/alternates").write_text(f"{private / '.git/objects'}\n")


def led_by_a_link_of_refs(git_folder: Path, private: Path) -> None:
    (git_folder / "refs/heads/main").unlink()
    (git_folder / "refs/heads/main").symlink_to(private / ".git/refs/heads/main")


def led_by_a_link_of_objects(git_folder: Path, private: Path) -> None:
    (git_folder / "objects").rename(git_folder / "kept")
    (git_folder / "objects").symlink_to(private / ".git/objects")


def led_by_a_linked_object(git_folder: Path, private: Path) -> None:
    first = next((private / ".git/objects").glob("??/*"))
    (git_folder / "objects" / first.parent.name).mkdir(exist_ok=True)
    (git_folder / "objects" / first.parent.name / ("0" * 38)).symlink_to(first)


def led_by_head(git_folder: Path, private: Path) -> None:
    (git_folder / "HEAD").unlink()
    (git_folder / "HEAD").symlink_to(private / ".git/HEAD")


def led_by_a_file(git_folder: Path, private: Path) -> None:
    git_folder.rename(git_folder.with_name("kept"))
    git_folder.write_text(f"gitdir: {private / '.git'}\n")


def led_by_a_link(git_folder: Path, private: Path) -> None:
    git_folder.rename(git_folder.with_name("kept"))
    git_folder.symlink_to(private / ".git")


def led_by_a_work_tree(git_folder: Path, private: Path) -> None:
    """As one of a work tree of the private repository, of which that repository has another."""
    git("worktree", "add", "-q", "--detach", str(private.parent / "tree"), cwd=private)
    git_folder.rename(git_folder.with_name("kept"))
    git_folder.write_text(f"gitdir: {private / '.git/worktrees/tree'}\n")


@pytest.mark.parametrize("words", [COMMANDS[0], COMMANDS[3]], ids=" ".join)
@pytest.mark.parametrize(
    "lead",
    [
        led_by_commondir,
        led_by_alternates,
        led_by_a_link_of_refs,
        led_by_a_link_of_objects,
        led_by_a_linked_object,
        led_by_head,
        led_by_a_file,
        led_by_a_link,
        led_by_a_work_tree,
    ],
)
def test_what_leads_to_another_repository_is_refused(
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    lead: object,
    words: tuple[str, ...],
) -> None:
    private = repository(tmp_path / "private", **{"secret.txt": "MARKER"})
    assert callable(lead)
    lead(root / ".git", private)
    code = ask(root, *words, copy=tmp_path)
    told = capsys.readouterr()
    if words[0] == "check" and lead in {led_by_a_linked_object, led_by_head}:
        assert code == 0  # it reads neither objects nor HEAD
        return
    assert code == 2
    assert f"git cannot read the repository in {root}" in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("version", "key", "said"),
    [
        ("1", "extensions.tomorrow", "the extension tomorrow"),
        ("1", "extensions.refStorage", "the extension refstorage"),
        ("7", "core.other", "the repository format 7"),
    ],
)
def test_a_format_that_is_not_known_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str], version: str, key: str, said: str
) -> None:
    for name, value in ((key, "x"), ("core.repositoryFormatVersion", version)):
        git("config", "--file", ".git/config", name, value, cwd=root)
    assert ask(root, "plan", *TAG) == 2
    assert f"it uses {said}, which pysim does not know." in capsys.readouterr().err


def test_a_configuration_that_is_none_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".git/config").write_text("[nonsense")
    assert ask(root, "plan", *TAG) == 2
    assert "bad config line" in capsys.readouterr().err


def test_a_pipe_in_place_of_a_file_is_not_waited_for(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".git/config").unlink()
    os.mkfifo(root / ".git/config")
    assert ask(root, "plan", *TAG) == 2
    assert "config is no file" in capsys.readouterr().err


def test_included_configuration_is_not_read(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "more").write_text('[remote "origin"]\n\turl = https://github.com/from/elsewhere\n')
    git("config", "--file", ".git/config", "include.path", str(tmp_path / "more"), cwd=root)
    assert ask(root, "plan", *TAG) == 0
    assert "elsewhere" not in "".join(capsys.readouterr())

"""Who a repository is, and which folder is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.triggers.repository import find_root, read_identity

from .folders import Folder


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/demo.git",
        "https://github.com/octo/demo",
        "https://github.com/octo/demo/",
        "https://someone:password@github.com/octo/demo.git",
        "http://proxy.example:8080/octo/demo.git",
        "git@github.com:octo/demo.git",
        "github.com:octo/demo",
        "ssh://git@github.com:22/octo/demo.git",
        "git+ssh://git@github.com/octo/demo.git",
        "git://github.com/octo/demo.git",
        "org-123@github.com:/octo/demo.git/",
        "hub:octo/demo",
    ],
)
def test_every_form_of_remote(repo: Folder, url: str) -> None:
    repo.git("config", "remote.origin.url", url)
    assert read_identity(repo.path).full_name == "octo/demo"


@pytest.mark.parametrize("url", ["../elsewhere/demo.git", "/srv/git/octo/demo.git", "file:///srv/git/octo/demo.git"])
def test_a_path_is_no_repository_on_github(repo: Folder, url: str) -> None:
    repo.git("config", "remote.origin.url", url)
    assert read_identity(repo.path).full_name == "local/demo"


def test_the_users_rewriting_rules_hold(repo: Folder) -> None:
    repo.git("config", "--global", "url.https://github.com/octo/.insteadOf", "work:")
    repo.git("config", "remote.origin.url", "work:demo")
    assert read_identity(repo.path).full_name == "octo/demo"


def test_a_broken_user_configuration_does_not_matter(repo: Folder) -> None:
    repo.git("config", "remote.origin.url", "git@github.com:octo/demo.git")
    (Path.home() / ".gitconfig").write_text("[nonsense", encoding="utf-8")
    assert read_identity(repo.path).full_name == "octo/demo"


def test_what_is_configured_wins(repo: Folder) -> None:
    repo.git("config", "remote.origin.url", "git@github.com:octo/demo.git")
    identity = read_identity(repo.path, owner="pypa", visibility="private", default_branch="trunk")
    assert (identity.full_name, identity.visibility, identity.default_branch) == ("pypa/demo", "private", "trunk")


def test_without_git_the_folder_gives_the_name(make_folder: Callable[..., Folder]) -> None:
    folder = make_folder("My demo (old)", git=False)
    assert read_identity(folder.path).full_name == "local/My-demo-old"


def test_ids_are_numbers_and_depend_on_the_name_alone(repo: Folder, make_folder: Callable[..., Folder]) -> None:
    one, other = read_identity(repo.path, owner="Octo"), read_identity(repo.path, owner="octo", name="other")
    elsewhere = read_identity(make_folder("there").path, owner="octo", name="demo")
    assert one.id == elsewhere.id != other.id
    assert one.owner_id == other.owner_id != one.id
    assert one.id.isdecimal()
    assert not one.id.startswith("0")


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_default_branch(make_folder: Callable[..., Folder], branch: str) -> None:
    folder = make_folder()
    folder.git("checkout", "--quiet", "-b", branch)
    folder.commit()
    assert read_identity(folder.path).default_branch == branch


def test_the_remote_knows_the_default_branch(repo: Folder, tmp_path: Path) -> None:
    repo.git("checkout", "--quiet", "-b", "trunk")
    repo.git("clone", "--quiet", repo.path, tmp_path / "copy")
    copy = Folder(tmp_path / "copy")
    copy.git("checkout", "--quiet", "-b", "feature")
    assert read_identity(copy.path).default_branch == "trunk"


def test_the_root_is_looked_for_upwards(repo: Folder) -> None:
    inner = repo.write("src/demo/__init__.py").parent
    assert find_root(inner) == repo.path


def test_workflows_make_a_root_inside_another_repository(repo: Folder) -> None:
    repo.write("sample/.github/workflows/pypi.yml")
    inner = repo.write("sample/src/x.py").parent
    assert find_root(inner) == repo.path / "sample"


def test_a_plain_folder_is_its_own_root(make_folder: Callable[..., Folder]) -> None:
    folder = make_folder("plain", git=False)
    assert find_root(folder.path) == folder.path


def test_a_root_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        find_root(tmp_path / "missing")

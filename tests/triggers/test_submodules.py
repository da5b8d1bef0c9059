"""Which copies of submodules a repository has of what a commit names."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.triggers.repository import read_identity, take_source
from simulator.triggers.submodules import submodule_copies
from tests.git import git


def commit(folder: Path, name: str) -> str:
    (folder / name).write_text(name)
    git("add", "--all", cwd=folder)
    git("commit", "-q", "-m", name, cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git("init", "-q", cwd=folder)
    commit(folder, "first")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """octo/demo with a submodule that has one itself."""
    inner, part, root = (repository(tmp_path / "from" / name) for name in ("inner", "part", "demo"))
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q")
    git(*add, str(inner), "inner", cwd=part)
    git("config", "-f", ".gitmodules", "submodule.inner.url", "git@github.com:deep/inner.git", cwd=part)
    commit(part, "with inner")
    git(*add, str(part), "sub/part", cwd=root)
    git("-c", "protocol.file.allow=always", "clone", "-q", str(inner), "sub/part/inner", cwd=root)
    git("submodule", "absorbgitdirs", cwd=root / "sub/part")
    git("remote", "add", "origin", "https://github.com/octo/demo", cwd=root)
    return root


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("../part.git", "octo/part"),
        ("../../Other/part", "other/part"),
        ("https://github.com/octo/part", "octo/part"),
        ("git@github.com:octo/part.git", "octo/part"),
        ("https://example.org/octo/part", None),
        ("/srv/part", None),
    ],
)
def test_a_copy_is_found_by_what_the_url_means(root: Path, tmp_path: Path, url: str, name: str | None) -> None:
    git("config", "-f", ".gitmodules", "submodule.sub/part.url", url, cwd=root)
    commit(root, "a submodule")
    source = take_source(root, tmp_path / "clone.git")
    found = submodule_copies(source, read_identity(root))
    assert set(found) == ({name, "deep/inner"} if name else set())
    for copy in found.values():
        assert copy.parent.parent == tmp_path
        assert not (copy / "modules").exists()
        assert git("log", "--format=%s", "-1", cwd=copy) in {"first", "with inner"}


def test_a_copy_without_the_commit_is_none(root: Path, tmp_path: Path) -> None:
    git("config", "-f", ".gitmodules", "submodule.sub/part.url", "../part", cwd=root)
    git("update-index", "--cacheinfo", f"160000,{'1' * 40},sub/part", cwd=root)
    git("add", ".gitmodules", cwd=root)
    git("commit", "-q", "-m", "another commit of it", cwd=root)
    assert submodule_copies(take_source(root, tmp_path / "clone.git"), read_identity(root)) == {}


def test_a_name_that_leads_elsewhere_is_passed_over(root: Path, tmp_path: Path) -> None:
    modules = root / ".gitmodules"
    modules.write_text('[submodule "../../x"]\n\tpath = sub/part\n\turl = ../part\n')
    commit(root, "a bad name")
    assert submodule_copies(take_source(root, tmp_path / "clone.git"), read_identity(root)) == {}


def test_no_submodules(tmp_path: Path) -> None:
    root = repository(tmp_path / "demo")
    assert submodule_copies(take_source(root, tmp_path / "clone.git"), read_identity(root)) == {}

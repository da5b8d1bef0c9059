"""Which files a `path` input of upload-artifact means, and where they lie in the archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.actions.builtin.toolkit import patterns
from simulator.actions.builtin.toolkit.step import ActionError
from simulator.actions.builtin.upload_artifact.main import root_folder

FILES = (
    "dist/a.whl",
    "dist/a.tar.gz",
    "dist/sub/b.whl",
    "dist/.hidden",
    "docs/index.md",
    "docs/.cache/page.md",
    "docs/[draft].md",
    "README.md",
)

# path input, hidden files too, what the archive holds
CASES: list[tuple[str, bool, list[str]]] = [
    ("dist/", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("dist", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("./dist", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("dist", True, [".hidden", "a.tar.gz", "a.whl", "sub/b.whl"]),
    ("dist/*", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("dist/*.whl", False, ["a.whl"]),
    ("dist/**/*.whl", False, ["a.whl", "sub/b.whl"]),
    ("**/*.whl", False, ["dist/a.whl", "dist/sub/b.whl"]),
    ("dist/a.whl", False, ["a.whl"]),
    ("dist/a.wh?", False, ["a.whl"]),
    ("dist/[ab].whl", False, ["a.whl"]),
    ("dist/[!a].whl", False, []),
    ("d*/*.md", False, ["docs/[draft].md", "docs/index.md"]),
    ("docs/[[]draft].md", False, ["[draft].md"]),
    ("docs/\\[draft\\].md", False, ["[draft].md"]),
    ("dist/a.whl/", False, []),
    ("nothing", False, []),
    ("dist\n!dist/sub", False, ["a.tar.gz", "a.whl"]),
    ("dist\n!**/*.whl", False, ["a.tar.gz"]),
    ("!**/*.whl\ndist", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("dist\n!dist/sub\ndist/sub/*.whl", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("# a comment\n\n  dist/*.whl  ", False, ["a.whl"]),
    ("dist/*.whl\ndocs", False, ["dist/a.whl", "docs/[draft].md", "docs/index.md"]),
    ("dist/a.whl\ndist/sub", False, ["a.whl", "sub/b.whl"]),
    ("dist\ndist/sub/b.whl", False, ["a.tar.gz", "a.whl", "sub/b.whl"]),
    ("docs/.cache", False, []),
    ("docs/.cache", True, ["page.md"]),
    ("~/notes.txt", False, ["notes.txt"]),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("patterns") / "workspace"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    home = root.parent / "home"
    home.mkdir()
    (home / "notes.txt").touch()
    return root


def archived(workspace: Path, text: str, *, hidden: bool) -> list[str]:
    parsed = patterns.parse(text, cwd=workspace, home=workspace.parent / "home")
    found = patterns.find(parsed, hidden=hidden)
    if not found:
        return []
    root = root_folder(patterns.search_paths(parsed), found)
    return sorted(str(file.relative_to(root)) for file in found)


@pytest.mark.parametrize(("text", "hidden", "expected"), CASES, ids=[repr(case[0]) + "+" * case[1] for case in CASES])
def test_what_is_archived(workspace: Path, text: str, hidden: bool, expected: list[str]) -> None:
    assert archived(workspace, text, hidden=hidden) == expected


def test_links_are_followed_and_cycles_end(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").touch()
    (tmp_path / "dist/link").symlink_to("../elsewhere")
    (tmp_path / "dist/loop").symlink_to(".")
    (tmp_path / "dist/broken").symlink_to("nowhere")
    found = patterns.find(patterns.parse("dist", cwd=tmp_path, home=tmp_path), hidden=False)
    assert [str(file.relative_to(tmp_path)) for file in found] == ["dist/link/file"]


@pytest.mark.parametrize("text", ["../x", "a/../b", "a/./b", "/a/./b"])
def test_relative_parts_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ActionError, match=r"Relative pathing '\.' and '\.\.' is not allowed"):
        patterns.parse(text, cwd=tmp_path, home=tmp_path)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("dist-*", "dist-linux", True),
        ("dist-*", "logs", False),
        ("*", "anything", True),
        ("*", ".hidden", False),
        ("!dist-*", "logs", True),
        ("{dist,wheel}-*", "wheel-1", True),
        ("dist-{a,{b,c}}", "dist-c", True),
        ("dist-?", "dist-10", False),
        ("dist-[0-9]", "dist-7", True),
    ],
)
def test_names_of_artifacts(pattern: str, name: str, expected: bool) -> None:
    assert patterns.name_matches(pattern, name) is expected

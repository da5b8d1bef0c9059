"""hashFiles selects by GitHub's globs and hashes the binary digests in path order."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from simulator import process
from simulator.runner.inside import hash_files

FILES = {"a.txt": b"1", "lib/b.txt": b"2", "lib/deep/c.lock": b"3", "lib/d.py": b"4"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["**/*.txt"], ["a.txt", "lib/b.txt"]),
        (["*.txt"], ["a.txt"]),
        (["lib"], ["lib/b.txt", "lib/d.py", "lib/deep/c.lock"]),
        (["**", "!**/*.py"], ["a.txt", "lib/b.txt", "lib/deep/c.lock"]),
        (["lib/**\n!lib/deep/**"], ["lib/b.txt", "lib/d.py"]),
        (["[ab].txt", "lib/?.py"], ["a.txt", "lib/d.py"]),
        (["absent"], []),
    ],
)
def test_selection(tree: Path, patterns: list[str], names: list[str]) -> None:
    done = process.run([sys.executable, "-I", hash_files.__file__, tree, *patterns])
    digests = b"".join(hashlib.sha256(FILES[name]).digest() for name in names)
    assert done.text == (hashlib.sha256(digests).hexdigest() if names else "")


def test_links_are_followed_where_that_is_asked_for(tree: Path) -> None:
    (tree / "link").symlink_to("lib", target_is_directory=True)

    def hashed(*words: str) -> str:
        return process.run([sys.executable, "-I", hash_files.__file__, tree, *words]).text

    assert hashed("link/**") == ""
    assert hashed("--Follow-Symbolic-Links", "link/**") == hashed("lib/**") != ""


def test_an_option_that_there_is_not(tree: Path) -> None:
    done = process.run([sys.executable, "-I", hash_files.__file__, tree, "--all", "**"], check=False)
    assert done.code != 0
    assert b"Invalid glob option --all" in done.stderr

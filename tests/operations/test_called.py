"""Where the workflows that jobs call are found: in the rehearsed commit, in this repository at a ref, and elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import process
from simulator.operations.workflow_files import called_in_commit
from simulator.triggers.model import RepositoryIdentity
from simulator.triggers.repository import take_source
from simulator.workflow.calls import CalledFile, Resolver

FILE = ".github/workflows/b.yml"


def git(root: Path, *words: str) -> str:
    settings = ("-c", "user.name=o", "-c", "user.email=o@example.org", "-c", "init.defaultBranch=main")
    return process.run(["git", *settings, *words], cwd=root).stdout.decode().strip()


@pytest.fixture
def commits(tmp_path: Path) -> dict[str, str]:
    """A repository whose file says which commit it is of: old, which two refs of one name lead to or not, and new."""
    root = tmp_path / "tool"
    (root / ".github/workflows").mkdir(parents=True)
    git(root, "init", "-q")
    made: dict[str, str] = {}
    for name in ("old", "new"):
        (root / FILE).write_text(name)
        git(root, "add", "-A")
        git(root, "commit", "-qm", name)
        made[name] = git(root, "rev-parse", "HEAD")
    git(root, "tag", "-am", "annotated", "both", made["old"])
    git(root, "branch", "both", made["new"])
    return made


@pytest.fixture
def find(tmp_path: Path, commits: dict[str, str]) -> Resolver:
    assert commits
    source = take_source(tmp_path / "tool", tmp_path / "clone.git", tag="v1")
    identity = RepositoryIdentity(owner="Octo", name="tool", id="1", owner_id="2")
    return called_in_commit(source, identity, lambda reference: f"fetched {reference}")


def test_in_the_rehearsed_commit(find: Resolver) -> None:
    assert find(f"./{FILE}") == b"new"
    assert find("./.github/workflows/absent.yml") is None


@pytest.mark.parametrize(
    ("ref", "full", "commit"),
    [("main", "refs/heads/main", "new"), ("both", "refs/tags/both", "old"), ("v1", "refs/tags/v1", "new")],
)
def test_in_this_repository_at_a_ref(find: Resolver, commits: dict[str, str], ref: str, full: str, commit: str) -> None:
    found = CalledFile(text=commit.encode(), ref=full, sha=commits[commit])
    assert find(f"octo/Tool/{FILE}@{ref}") == found


def test_at_a_commit(find: Resolver, commits: dict[str, str]) -> None:
    old = commits["old"]
    assert find(f"octo/tool/{FILE}@{old}") == CalledFile(text=b"old", ref=old, sha=old)
    assert find(f"octo/tool/{FILE}@nowhere") is None
    assert find(f"octo/tool/.github/workflows/absent.yml@{old}") is None


def test_elsewhere(find: Resolver) -> None:
    assert find(f"other/tool/{FILE}@v1") == f"fetched other/tool/{FILE}@v1"

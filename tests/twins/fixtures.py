"""Fixtures of running twins, for every folder whose conftest takes them in."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.run_events import RunEvent
from simulator.twins.server import LocalTwins
from simulator.twins.settings import TwinSettings
from tests.git import git
from tests.twins.driving import REPOSITORY, Clock, Rig, Start


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository: three commits on main, the lightweight tag v0.0.1 and the annotated tag v0.1.0."""
    work = tmp_path_factory.mktemp("work")
    git("init", "-q", cwd=work)
    for number in range(3):
        (work / "file.txt").write_text(f"{number}\n")
        git("add", ".", cwd=work)
        git("commit", "-q", "-m", f"commit {number}", cwd=work)
    git("tag", "v0.0.1", "HEAD~1", cwd=work)
    git("tag", "-a", "v0.1.0", "-m", "release", cwd=work)
    bare = tmp_path_factory.mktemp("bare") / "demo.git"
    git("clone", "-q", "--bare", str(work), str(bare), cwd=work)
    return bare


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the certificate authority that all tests share, as all runs of an installation do."""
    return tmp_path_factory.mktemp("authority")


@pytest.fixture
def start(tmp_path: Path, history: Path, authority: Path) -> Iterator[Start]:
    """Starts twins; they end with the test."""
    with contextlib.ExitStack() as stack:

        def starter(**changes: object) -> Rig:
            clone = tmp_path / "demo.git"
            if not clone.exists():
                shutil.copytree(history, clone)
            ordinary = TwinSettings(
                run_id="run-1",
                folder=tmp_path / "run",
                repository=REPOSITORY,
                default_branch="main",
                clone=clone,
                cache=tmp_path / "cache",
                publishers=[],
                baseline=tmp_path / "baseline",
                authority=authority,
                host_ca=b"",
                offline=True,
            )
            settings = replace(ordinary, **changes)  # type: ignore[arg-type]
            events: list[RunEvent] = []
            clock = Clock()
            twins = LocalTwins(settings, events.append, clock=clock)
            rig = Rig(twins=stack.enter_context(twins), settings=settings, events=events, clock=clock)
            stack.enter_context(rig.stack)
            return rig

        yield starter


@pytest.fixture
def rig(start: Start) -> Rig:
    """Offline twins with ordinary settings."""
    return start()

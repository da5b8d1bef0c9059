"""Repositories to rehearse, on each engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.real_engines import ENGINES
from tests.release.driving import PROJECT, TINY, MakeRepository, Repository


@pytest.fixture(scope="session")
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where these runs keep pysim's own cache and certificate authority."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def copy_of(tmp_path: Path, state_home: Path) -> MakeRepository:
    """Make a copy of a repository to be rehearsed on an engine."""

    def make(source: Path, engine: str) -> Repository:
        root = tmp_path / source.name
        shutil.copytree(source, root, ignore=shutil.ignore_patterns(".pysim", "dist", "__pycache__"))
        return Repository(root=root, engine=engine, home=state_home)

    return make


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine, by name."""
    name = str(request.param)
    if name == "docker":
        request.getfixturevalue("require_docker")
    return name


@pytest.fixture
def tiny(copy_of: MakeRepository) -> Repository:
    """A package that is built without the network, on the local engine."""
    return copy_of(TINY, "local")


@pytest.fixture
def tiny_on(copy_of: MakeRepository, engine: str) -> Repository:
    """The same on each engine."""
    return copy_of(TINY, engine)


@pytest.fixture
def sample_on(copy_of: MakeRepository, engine: str) -> Repository:
    """The repository of `make run`, on each engine."""
    return copy_of(PROJECT / "sample_repo", engine)

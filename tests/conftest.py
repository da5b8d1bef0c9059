"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.real_engines import ENGINES
from tests.toolkit.install import Toolkit, install

if TYPE_CHECKING:
    from simulator.engines.base import Engine
    from simulator.engines.docker_engine import DockerEngine
    from simulator.engines.local_engine import LocalEngine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-cases",
        action="store_true",
        help="write what the cases under tests/*/cases are compared with anew, to be read in the diff",
    )


def pytest_configure() -> None:
    """Take Ctrl-C and a closed terminal where the caller has them ignored, as one does for what runs behind.

    What the tests start would inherit that.
    """
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who needs the packages of npm needs its registry, the first time."""
    for item in items:
        if "toolkit" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.network)


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether the expected files of a case are to be written instead of compared."""
    return bool(request.config.getoption("--update-cases"))


@pytest.fixture(scope="session")
def require_docker() -> None:
    """Skip without a Docker daemon; with PYSIM_REQUIRE_DOCKER=1, fail."""
    from simulator.engines.docker_engine import DockerEngine
    from simulator.errors import EngineUnavailableError

    try:
        DockerEngine().check()
    except EngineUnavailableError as error:
        stop = pytest.fail if os.environ.get("PYSIM_REQUIRE_DOCKER") == "1" else pytest.skip
        stop(str(error))


@pytest.fixture(scope="session")
def local_engine() -> LocalEngine:
    from simulator.engines.local_engine import LocalEngine

    engine = LocalEngine()
    engine.check()
    return engine


@pytest.fixture(scope="session")
def docker_engine(require_docker: None) -> DockerEngine:
    from simulator.engines.docker_engine import DockerEngine

    engine = DockerEngine()
    engine.prepare(print)
    return engine


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that runs real programs."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture(scope="session")
def toolkit() -> Toolkit:
    """GitHub's own clients. Skip without npm or its registry; with PYSIM_REQUIRE_NPM=1, fail."""
    from simulator.errors import ProcessError

    try:
        return install()
    except (LookupError, ProcessError) as error:
        reason = f"no clients from npm: {error}"
    if os.environ.get("PYSIM_REQUIRE_NPM") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

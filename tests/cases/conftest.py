"""What the cases share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def state_home(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Where these runs keep pysim's own cache and certificate authority."""
    return tmp_path_factory.mktemp("home")

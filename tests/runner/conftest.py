"""A gateway for the tests of the runner."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.real import nowhere


@pytest.fixture
def gateway() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, nowhere(Path(folder)) as path:
        yield path

"""Archives that unpack without end: refused, or taken, with little memory and in little time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .bombs import TARS, ZIPS

MOST_SECONDS, MOST_MEGABYTES = 60, 150  # on a machine that has much else to do
TOO_MUCH = "Invalid distribution file. File exceeds compression ratio of 50"
BROKEN = "Invalid distribution file. None"
SAID = {
    "zeros": TOO_MUCH,
    "half": "OK",
    "long_name": TOO_MUCH,
    "pax_header": TOO_MUCH,
    "first_header": TOO_MUCH,
    "members": TOO_MUCH,
    "names": TOO_MUCH,
    "headers_for_all": TOO_MUCH,
    "chain": BROKEN,
    "zip_ratio": TOO_MUCH,
    "zip_directory": TOO_MUCH,
    "zip_marker": "OK",
    "zip_record": BROKEN,
    "zip_metadata": BROKEN,
    "zip_source": "OK",
    "overlap": "Invalid distribution file.",
    "nested": "OK",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """What a process of its own told of each."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.twins.bombs", str(tmp_path_factory.mktemp("bombs"))],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {row["kind"]: row for row in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("kind", [*TARS, *ZIPS])
def test_an_archive_that_unpacks_without_end(told: Mapping[str, Mapping[str, Any]], kind: str) -> None:
    row = told[kind]
    assert row["said"].startswith(SAID[kind])
    assert row["seconds"] < MOST_SECONDS
    assert row["grown"] < MOST_MEGABYTES
    assert row["size"] < 100 << 20  # larger ones are too large anyway

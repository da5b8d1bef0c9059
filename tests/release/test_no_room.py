"""Where nothing more can be written, a run ends with one sentence, and leaves nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.driving import PROJECT, Repository

pytestmark = pytest.mark.local


@pytest.mark.parametrize("limit", [0, 200, 2_000, 20_000, 100_000, 180_000])
def test_a_disk_that_is_full(tiny: Repository, tmp_path: Path, limit: int) -> None:
    """No file may grow beyond the limit, so that what is written first fails at another place each time."""
    temporary = tmp_path / "t"
    temporary.mkdir()
    words = [sys.executable, "-m", "simulator", "run", "-C", str(tiny.root), "--tag", "v0.1.0", "--plain", "--offline"]
    done = subprocess.run(
        [*words, "--engine", "local"],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(temporary), "XDG_DATA_HOME": str(tiny.home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        check=False,
    )
    assert done.returncode in {1, 2, 4}, done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stderr.startswith("error: ") or "NO-GO" in done.stdout, done.stdout + done.stderr
    assert list(temporary.iterdir()) == []

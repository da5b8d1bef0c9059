"""The actions' own repositories, for tests that run the real ones beside the built-in: clones on this machine.

PYSIM_CLONES names them by a pattern: /clones/{owner}/{name}.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest


def real_action(name: str, ref: str, folder: Path) -> Path:
    """The files of an action at a ref, laid out in a folder; skips the test where there is no clone of it."""
    pattern = os.environ.get("PYSIM_CLONES")
    owner, _, short = name.partition("/")
    clone = Path(pattern.format(owner=owner, name=short)) if pattern else None
    if clone is None or not clone.is_dir():
        pytest.skip(f"there is no clone of {name} (PYSIM_CLONES)")
    packed = subprocess.run(["git", "-C", str(clone), "archive", ref], capture_output=True, check=False)
    if packed.returncode != 0:
        pytest.skip(f"the clone of {name} has no {ref}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder

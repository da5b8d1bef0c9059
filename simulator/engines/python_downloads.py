"""CPythons that uv fetches for this machine, where it has none of a version: kept in the user's cache.

uv itself comes with pysim, and goes by its own variables and files for where it fetches from.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from simulator import process
from simulator.engines.base import ProgressSink
from simulator.engines.pythons import FoundPython, fetched_folder, find_pythons
from simulator.errors import ProcessError

_FETCHES_WITHIN: Final = 600.0


def find_uv() -> Path | None:
    """The user's own uv, else the one that came with pysim."""
    found = shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent) or _own_uv()
    return Path(found) if found else None


def _own_uv() -> str | None:
    """Where pip put it: beside the interpreter, unless it was installed for the user or into another folder."""
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError:
        return None


def find_or_fetch(minor: str, progress: ProgressSink) -> FoundPython | None:
    """The newest CPython of a minor version on this machine; where there is none, one that uv fetches, if it can."""
    found = find_pythons().newest(minor)
    if found is not None:
        return found
    uv = find_uv()
    if uv is None:
        return None
    progress(f"fetching CPython {minor}, which this machine has not, with uv")
    folder = os.environ.get("UV_PYTHON_INSTALL_DIR") or str(fetched_folder())
    # Not in the folder of a repository, whose configuration uv would read; and nothing into ~/.local/bin.
    settings = {"UV_PYTHON_INSTALL_DIR": folder, "UV_PYTHON_INSTALL_BIN": "0"}
    try:
        process.run(
            [uv, "python", "install", "--no-progress", minor], cwd=Path("/"), env=settings, timeout=_FETCHES_WITHIN
        )
    except ProcessError as error:
        progress(f"uv cannot fetch CPython {minor}: {error}")
        return None
    find_pythons.cache_clear()
    return find_pythons().newest(minor)

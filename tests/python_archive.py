"""A CPython of this machine as a download of uv's: an archive, and the list that names it."""

from __future__ import annotations

import hashlib
import json
import platform
import tarfile
from pathlib import Path

from simulator.engines.bootstrap import copy_python
from simulator.engines.pythons import FoundPython


def offer_download(python: FoundPython, folder: Path) -> Path:
    """Write the archive into a new folder; the path of the list."""
    copy_python(python, folder / "python")
    program = folder / "python" / "bin" / f"python{python.minor}"
    # A build with a shared library looks for it where it was installed: let it look beside itself.
    built_for = f"{python.prefix}/lib".encode()
    here = b"$ORIGIN/../lib".ljust(len(built_for), b"\0")
    if len(here) == len(built_for):
        program.write_bytes(program.read_bytes().replace(built_for + b"\0", here + b"\0"))
    archive = folder / "cpython.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(folder / "python", "python")
    major, minor, patch = map(int, python.version.split("."))
    machine = platform.machine()
    entry = {
        "name": "cpython", "arch": {"family": machine, "variant": None}, "os": "linux", "libc": "gnu",
        "major": major, "minor": minor, "patch": patch, "prerelease": "", "url": archive.as_uri(),
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(), "variant": None, "build": "20260101",
    }  # fmt: skip
    listing = folder / "downloads.json"
    listing.write_text(json.dumps({f"cpython-{python.version}-linux-{machine}-gnu": entry}))
    return listing

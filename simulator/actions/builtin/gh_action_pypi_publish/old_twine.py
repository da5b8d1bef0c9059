"""What the twine of an older release says of distributions that are newer than it.

Source: the texts that twine gives, one where pkginfo reads the metadata (before 6.1) and one where packaging does.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

KNOWN = ("1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3", "2.4")
REFUSAL = """\
ERROR    InvalidDistribution: Metadata is missing required fields: Name,
         Version.
         Make sure the distribution includes the files where those fields are
         specified, and is using a supported Metadata-Version: 1.0, 1.1, 1.2,
         {later}."""


INVALID = """\
ERROR    InvalidDistribution: Invalid distribution metadata: '{version}' is not a
         valid metadata version"""


def refusal(newest: str, path: str, *, by_packaging: bool) -> str:
    """What it says of a distribution when `newest` is the newest metadata that it knows."""
    if by_packaging:
        return INVALID.format(version=".".join(map(str, _metadata_version(Path(path)) or ())))
    known = KNOWN[: KNOWN.index(newest) + 1]
    return REFUSAL.format(later=", ".join(known[3:]))


def too_new(distributions: Sequence[str], newest: str) -> str | None:
    """The first of the distributions whose metadata is newer than that, if there is one."""
    for path in distributions:
        version = _metadata_version(Path(path))
        if version is not None and version > tuple(map(int, newest.split("."))):
            return path
    return None


def _metadata_version(path: Path) -> tuple[int, ...] | None:
    """The version of a distribution's metadata; None for what twine has to judge itself."""
    try:
        text = _in_wheel(path) if path.suffix == ".whl" else _in_sdist(path)
    except (OSError, EOFError, KeyError, tarfile.TarError, zipfile.BadZipFile):
        return None
    found = re.search(rb"^Metadata-Version:\s*(\d+)\.(\d+)\s*$", text, re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else None


def _in_wheel(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(_named(archive.namelist(), "METADATA"))


def _in_sdist(path: Path) -> bytes:
    with tarfile.open(path) as archive:
        content = archive.extractfile(_named(archive.getnames(), "PKG-INFO"))
        return content.read() if content else b""


def _named(names: Iterable[str], wanted: str) -> str:
    return next((name for name in names if name.count("/") == 1 and name.endswith(f"/{wanted}")), "")

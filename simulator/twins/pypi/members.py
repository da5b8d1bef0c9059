"""What is in an archive, read once and within bounds: one may be made to unpack without end. Knows no rule of an index.

The index reads tar files without bounds, and a worker of it that does so for too long is ended.
"""

from __future__ import annotations

import gzip
import os.path
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from simulator.archives import BROKEN, CHUNK, TooMuchError, open_tar, read_tar_member, tar_members

IN_MEMORY: Final = 64 << 20  # bytes of one member that is wanted as a whole
SCANNED: Final = (".py", ".pye")
SCANNED_MOST: Final = 5 << 20  # bytes of a member that is looked into
_OTHER_PACKINGS: Final = (b"BZh", b"\xfd7zXZ\x00")  # bzip2 and xz
Inspect = Callable[[bytes], str | None]
"""Says what is wrong with the content of a source file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TarContents:
    """A tar file as one reading of it found it; `top` is what all names begin with, `wrong` what a source file has."""

    names: frozenset[str]
    top: str
    is_sparse: bool
    wrong: str | None


def read_tar(path: Path, inspect: Inspect) -> TarContents:
    """Read a packed tar file to its end. Raises TooMuchError, and what is in BROKEN."""
    names: set[str] = set()
    is_sparse, wrong = False, None
    with gzip.open(path) as packed, open_tar(packed) as tar:
        for member in tar_members(tar):
            names.add(member.name)
            is_sparse = is_sparse or member.issparse()
            if wrong is None and _is_source(member.name, member.size) and member.isfile():
                wrong = inspect(read_tar_member(tar, member))
    return TarContents(names=frozenset(names), top=common_path(names), is_sparse=is_sparse, wrong=wrong)


def is_tar(path: Path) -> bool:
    """Whether a file begins as a tar file does, packed or not."""
    with path.open("rb") as plain:
        if plain.read(6).startswith(_OTHER_PACKINGS):
            return True
        plain.seek(0)
        if _begins_as_tar(plain):
            return True
    with gzip.open(path) as packed:
        return _begins_as_tar(packed)


def scan_zip(archive: zipfile.ZipFile, inspect: Inspect) -> str | None:
    """What is wrong with the source files of a ZIP file: of the first one that has something."""
    for entry in archive.infolist():
        if entry.is_dir() or not entry.filename.lower().endswith(SCANNED):
            continue
        if entry.file_size > SCANNED_MOST:
            read_through(archive, entry.filename)
        elif wrong := inspect(archive.read(entry.filename)):
            return wrong
    return None


def read_through(archive: zipfile.ZipFile, name: str) -> None:
    """Read a member to its end, so that it is known to be whole. Raises KeyError for one that is not there."""
    with archive.open(name) as member:
        while member.read(CHUNK):
            pass


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member of a ZIP file. Raises KeyError for one that is not there, TooMuchError."""
    if archive.getinfo(name).file_size > IN_MEMORY:
        raise TooMuchError
    return archive.read(name)


def common_path(names: Sequence[str] | set[str]) -> str:
    """The folder that all names have in common; for a single name that name."""
    try:
        return os.path.commonpath(names) if names else ""
    except ValueError:  # some begin at the root and some do not
        return ""


def _begins_as_tar(source: BinaryIO | gzip.GzipFile) -> bool:
    try:
        open_tar(source).close()
    except BROKEN:
        return False
    return True


def _is_source(name: str, size: int) -> bool:
    return name.lower().endswith(SCANNED) and size <= SCANNED_MOST

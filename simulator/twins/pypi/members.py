"""What is in an archive, read once and within bounds: one may be made to unpack without end. Knows no rule of an index.

The index reads tar files without bounds, and a worker of it that does so for too long is ended.
"""

from __future__ import annotations

import gzip
import os.path
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

UNPACKED: Final = 4 << 30  # bytes of a tar file's content
MEMBERS: Final = 200_000  # of a tar file
NAMES: Final = 64 << 20  # characters of all their names
IN_MEMORY: Final = 64 << 20  # bytes of one member that is wanted as a whole
SCANNED: Final = (".py", ".pye")
SCANNED_MOST: Final = 5 << 20  # bytes of a member that is looked into
BROKEN: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError, RuntimeError)
"""What the libraries raise for an archive that breaks while it is read; a RecursionError is a RuntimeError."""
_CHUNK: Final = 1 << 20
_COMMON_HEADERS: Final = (100, 4 << 20)  # number, and characters of their values
_OTHER_PACKINGS: Final = (b"BZh", b"\xfd7zXZ\x00")  # bzip2 and xz
Inspect = Callable[[bytes], str | None]
"""Says what is wrong with the content of a source file."""


class TooMuchError(Exception):
    """An archive unpacks to more than any distribution that is meant to be installed."""


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
    count, length, is_sparse, wrong = 0, 0, False, None
    with gzip.open(path) as packed, _tar(packed) as tar:
        while member := tar.next():
            tar.members.clear()  # type: ignore[attr-defined]  # it would hold all of them in memory
            names.add(member.name)
            count, length = count + 1, length + len(member.name)
            if count > MEMBERS or length > NAMES or _is_too_common(tar):
                raise TooMuchError
            is_sparse = is_sparse or member.issparse()
            if wrong is None and _is_source(member.name, member.size) and member.isfile():
                wrong = inspect(_content(tar, member))
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
        while member.read(_CHUNK):
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


class _Bounded:
    """A stream that is only read forward, by small pieces, and not for ever."""

    def __init__(self, source: BinaryIO | gzip.GzipFile) -> None:
        self._source, self._at = source, 0

    def tell(self) -> int:
        return self._at

    def seek(self, to: int) -> int:
        if to < self._at:
            raise tarfile.ReadError("no way back")
        for size in _pieces(to - self._at):
            if not self._take(size):
                break
        return self._at

    def read(self, size: int) -> bytes:
        if size > _CHUNK:
            raise TooMuchError
        return self._take(size)

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        self._at += len(data)
        if self._at > UNPACKED:
            raise TooMuchError
        return data


def _pieces(size: int) -> Iterator[int]:
    if size > UNPACKED:
        raise TooMuchError
    while size > 0:
        yield min(size, _CHUNK)
        size -= _CHUNK


def _tar(source: BinaryIO | gzip.GzipFile) -> tarfile.TarFile:
    stream: Any = _Bounded(source)  # it has all that is asked of it
    return tarfile.open(fileobj=stream, mode="r:")


def _begins_as_tar(source: BinaryIO | gzip.GzipFile) -> bool:
    try:
        _tar(source).close()
    except BROKEN:
        return False
    return True


def _is_too_common(tar: tarfile.TarFile) -> bool:
    """Whether headers for all members pile up."""
    number, size = _COMMON_HEADERS
    headers = tar.pax_headers
    return len(headers) > number or sum(len(value) for value in headers.values()) > size


def _is_source(name: str, size: int) -> bool:
    return name.lower().endswith(SCANNED) and size <= SCANNED_MOST


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    parts: list[bytes] = []
    while part := file.read(_CHUNK // 2):
        parts.append(part)
    return b"".join(parts)

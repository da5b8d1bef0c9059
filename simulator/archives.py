"""Reading of archives within bounds: one may be made to unpack without end. Knows no distribution and no index."""

from __future__ import annotations

import contextlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

UNPACKED: Final = 4 << 30  # bytes of a tar file's content
MEMBERS: Final = 200_000  # of an archive
NAMES: Final = 64 << 20  # characters of all names of a tar file
DIRECTORY: Final = 16 << 20  # bytes of a ZIP file's central directory
RATIO: Final = 50
"""How many times its size a file may unpack to for PyPI, from 64 MB on (warehouse, forklift/legacy.py)."""
CHUNK: Final = 1 << 20
BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error,
    OSError, EOFError, RuntimeError, ValueError, IndexError, OverflowError,
)  # fmt: skip
"""What the libraries raise for an archive that breaks while it is read, names that are empty or no UTF-8 included."""
_COMMON_HEADERS: Final = (100, 4 << 20)  # number, and characters of their values


class TooMuchError(Exception):
    """An archive unpacks to more than any distribution that is meant to be installed."""


def open_tar(source: BinaryIO | io.BufferedIOBase, *, most: int = UNPACKED) -> tarfile.TarFile:
    """A tar file that is read forward. Reading raises TooMuchError beyond `most` bytes, and for a header of its own."""
    stream: Any = _Forward(source, most)  # it has all that is asked of it
    return tarfile.open(fileobj=stream, mode="r:")


def tar_members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members one after the other. Raises TooMuchError for too many, or too long names or common headers."""
    count, length = 0, 0
    while member := tar.next():
        tar.members.clear()  # type: ignore[attr-defined]  # it would hold all of them in memory
        count, length = count + 1, length + len(member.name)
        if count > MEMBERS or length > NAMES or _is_too_common(tar):
            raise TooMuchError
        yield member


def read_tar_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """The content of the member that was come to last; of what is no file, nothing."""
    file = tar.extractfile(member) if member.isfile() else None
    parts: list[bytes] = []
    while file is not None and (part := file.read(CHUNK // 2)):
        parts.append(part)
    return b"".join(parts)


def open_zip(source: BinaryIO) -> zipfile.ZipFile:
    """A ZIP file of a bounded central directory. Raises TooMuchError, and what is in BROKEN."""
    careful: Any = _Careful(source)
    archive = zipfile.ZipFile(careful)
    if len(archive.filelist) > MEMBERS:
        raise TooMuchError
    return archive


@contextlib.contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The same of a file by its path."""
    with path.open("rb") as file, open_zip(file) as archive:
        yield archive


class _Careful:
    """A file of which no more is read at once than a central directory may have."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.seek, self.tell, self.close = source.seek, source.tell, source.close

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(min(size, DIRECTORY + 1) if size >= 0 else DIRECTORY + 1)
        if len(data) > DIRECTORY:
            raise TooMuchError
        return data

    def seekable(self) -> bool:
        return True


class _Forward:
    """A stream that is only read forward, by small pieces, and not for ever."""

    def __init__(self, source: BinaryIO | io.BufferedIOBase, most: int) -> None:
        self._source, self._most, self._at = source, most, 0

    def tell(self) -> int:
        return self._at

    def seek(self, to: int) -> int:
        if to < self._at:
            raise tarfile.ReadError("no way back")
        if to > self._most:
            raise TooMuchError
        while self._at < to and self._take(min(to - self._at, CHUNK)):
            pass
        return self._at

    def read(self, size: int) -> bytes:
        if size > CHUNK:
            raise TooMuchError
        return self._take(size)

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        self._at += len(data)
        if self._at > self._most:
            raise TooMuchError
        return data


def _is_too_common(tar: tarfile.TarFile) -> bool:
    """Whether headers for all members pile up."""
    number, size = _COMMON_HEADERS
    headers = tar.pax_headers
    return len(headers) > number or sum(len(value) for value in headers.values()) > size

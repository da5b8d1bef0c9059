"""Whether a ZIP file reads the same from its start, record by record, as from its central directory.

The records are those of APPNOTE.TXT, 4.3; the words are the index's. Knows no distribution.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from simulator.archives import opened_zip

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
_STREAMED: Final = 0x08  # the flag of a data descriptor
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
_ZIP64_LENGTHS: Final = (0, 8, 16, 24, 28)
_ELSEWHERE: Final = 0xFFFFFFFF  # a size that stands in the ZIP64 extra field
_END64_SIZE: Final = 44
_FAR: Final = 1 << 48  # bytes, beyond the end of any upload
_MALFORMED: Final = "Malformed zip file"


class _RecordError(Exception):
    """What is wrong with a record, in the index's words."""


def records_problem(path: Path) -> str | None:
    """What the index says of a ZIP file's records; None when it takes them. Raises TooMuchError."""
    try:
        with opened_zip(path) as zipped:
            sizes = {entry.orig_filename: (entry.compress_size, entry.file_size) for entry in zipped.infolist()}
        with path.open("rb") as file:
            _Walk(file=file, sizes=sizes).run()
    except (_RecordError, zipfile.BadZipFile) as error:
        return str(error)
    return None


@dataclass(kw_only=True)
class _Walk:
    """One reading from start to end; `sizes` are the packed and unpacked ones of the central directory."""

    file: BinaryIO
    sizes: Mapping[str, tuple[int, int]]
    local: set[bytes] = field(default_factory=set)
    central: set[bytes] = field(default_factory=set)
    start: int | None = None  # of the central directory
    length: int = 0  # of the central directory
    end64: tuple[int, int, int] | None = None
    is_located: bool = False

    def run(self) -> None:
        """Read all records. Raises _RecordError at the first that is wrong."""
        handlers = {
            _LOCAL: self._local_header,
            _CENTRAL: self._central_header,
            _END64: self._end_64,
            _LOCATOR64: self._locator_64,
        }
        while (mark := self._take(4)) != _END:
            if mark not in handlers:
                raise _RecordError("Unknown record signature")
            handlers[mark]()
        self._end_of_directory()
        if self.central != self.local:
            raise _RecordError("Mis-matched local headers and central directory")
        if self.file.read(1):
            raise _RecordError("Trailing data")

    def _local_header(self) -> None:
        flags, method, packed, unpacked, name_length, extra_length = struct.unpack("<2xHH8xLLHH", self._take(26))
        name, extra = _printable(self._take(name_length)), self._take(extra_length)
        packed, unpacked = _sizes(extra, method, packed, unpacked)
        if flags & _STREAMED:
            raise _RecordError("ZIP contains a data descriptor")
        try:
            told = self.sizes.get(name.decode())
        except UnicodeDecodeError:
            raise _RecordError("Filename not unicode") from None
        if told is None:
            raise _RecordError("Filename not in central directory")
        if told[0] != packed:
            raise _RecordError("Mis-matched data size")
        if told[1] != unpacked:
            raise _RecordError("Mis-matched file size")
        self._skip(packed)
        if name in self.local:
            raise _RecordError("Duplicate filename in local headers")
        self.local.add(name)

    def _central_header(self) -> None:
        if self.start is None:
            self.start = self.file.tell() - 4
        name_length, extra_length, comment_length = struct.unpack("<24xHHH12x", self._take(42))
        if comment_length:
            raise _RecordError("Comment in central directory")
        name = _printable(self._take(name_length))
        self._take(extra_length)
        self.length += 46 + name_length + extra_length
        if name in self.central:
            raise _RecordError("Duplicate filename in central directory")
        if name not in self.local:
            raise _RecordError("Missing filename in local headers")
        self.central.add(name)

    def _end_64(self) -> None:
        size, here, records, length, offset = struct.unpack("<Q12xQQQQ", self._take(52))
        if here != records:
            raise _RecordError(_MALFORMED)
        if size != _END64_SIZE:
            raise _RecordError("ZIP64 extensible data not allowed")
        self.end64 = (records, length, offset)

    def _locator_64(self) -> None:
        self._take(16)
        self.is_located = True

    def _end_of_directory(self) -> None:
        start = self.file.tell() - 4 if self.start is None else self.start
        here, records, length, offset, comment = struct.unpack("<4xHHLLH", self._take(18))
        if here != records or (self.end64 and not self.is_located):
            raise _RecordError(_MALFORMED)
        self._skip(comment)
        told = self.end64 or (records, length, offset)
        for name, said, seen in zip(
            ("records", "offset", "size"),
            (told[0], told[2], told[1]),
            (len(self.central), start, self.length),
            strict=True,
        ):
            if said != seen:
                raise _RecordError(f"Mismatched central directory {name}")

    def _take(self, count: int) -> bytes:
        data = self.file.read(count)
        if len(data) != count:
            raise _RecordError(_MALFORMED)
        return data

    def _skip(self, count: int) -> None:
        self.file.seek(min(count, _FAR), os.SEEK_CUR)


def _sizes(extra: bytes, method: int, packed: int, unpacked: int) -> tuple[int, int]:
    """The sizes of a local file, from its ZIP64 extra field where it has one."""
    seen: set[int] = set()
    for kind, data in _extras(extra):
        if kind in seen and kind in {_ZIP64, _UNICODE_PATH}:
            raise _RecordError("Invalid duplicate extra in local file")
        seen.add(kind)
        if kind == _ZIP64:
            packed, unpacked = _sizes_64(data, method, packed, unpacked)
        elif kind == _UNICODE_PATH:
            _check_unicode_path(data)
    return packed, unpacked


def _sizes_64(data: bytes, method: int, packed: int, unpacked: int) -> tuple[int, int]:
    if len(data) not in _ZIP64_LENGTHS:
        raise _RecordError(_MALFORMED)
    if not data:
        if _ELSEWHERE in {packed, unpacked}:
            raise _RecordError(_MALFORMED)
        return packed, unpacked
    if len(data) == 8 and method != zipfile.ZIP_STORED:
        raise _RecordError(_MALFORMED)
    (first,) = struct.unpack_from("<Q", data)
    (second,) = struct.unpack_from("<Q", data, 8) if len(data) > 8 else (first,)
    return second, first if unpacked == _ELSEWHERE else unpacked


def _check_unicode_path(data: bytes) -> None:
    try:
        _printable(data[5:]).decode()
    except UnicodeDecodeError:
        raise _RecordError("Filename not valid UTF-8") from None


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while extra:
        if len(extra) < 4:
            raise _RecordError(_MALFORMED)
        kind, length = struct.unpack_from("<HH", extra)
        if length + 4 > len(extra):
            raise _RecordError(_MALFORMED)
        yield kind, extra[4 : 4 + length]
        extra = extra[4 + length :]


def _printable(name: bytes) -> bytes:
    if any(byte < 0x20 or byte == 0x7F for byte in name):
        raise _RecordError("Invalid character in filename")
    return name

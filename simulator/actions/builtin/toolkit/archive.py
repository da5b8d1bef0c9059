"""Zip archives written straight into a stream, deflated on all processors. Knows no service."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

BLOCK = 1 << 20
WINDOW = 1 << 15  # how far back deflate refers (RFC 1951)
SAMPLE = 1 << 12
MONOTONOUS = 0.02
WORTH_IT = 0.97  # a sample that shrinks less is of data that is compressed already


def write_archive(target: object, members: Mapping[Path, str], level: int) -> None:
    """Zip files, by their name inside; `target` is written to and never sought, so sizes follow each member."""
    method = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    stream = cast("IO[bytes]", target)  # zipfile asks no more of a stream that cannot seek than write and flush
    with (
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
        zipfile.ZipFile(stream, "w", method, strict_timestamps=False) as archive,
    ):
        for file, inside in members.items():
            info = zipfile.ZipInfo.from_file(file, inside, strict_timestamps=False)
            info.compress_type = method
            with file.open("rb", buffering=0) as source, archive.open(info, "w") as member:
                if level:
                    cast("Any", member)._compressor = Deflate(level, pool)  # zipfile has no other way to choose one
                while block := source.read(BLOCK):
                    member.write(block)


class Deflate:
    """One raw deflate stream made of blocks that are deflated side by side; what does not shrink is stored.

    Each block knows the end of the one before it, so hardly anything is lost (as in pigz). The interface is that of
    zlib's compression objects.
    """

    def __init__(self, level: int, pool: ThreadPoolExecutor) -> None:
        self._level, self._pool = level, pool
        self._most = 2 * (os.cpu_count() or 1)
        self._pending: deque[Future[bytes]] = deque()
        self._before = b""

    def compress(self, block: bytes) -> bytes:
        """Take a block in; what of the stream is ready."""
        self._pending.append(self._pool.submit(deflate, block, self._before, self._level))
        self._before = block[-WINDOW:]
        return self._pending.popleft().result() if len(self._pending) > self._most else b""

    def flush(self) -> bytes:
        """The rest of the stream, and its end."""
        rest = b"".join(future.result() for future in self._pending)
        self._pending.clear()
        return rest + zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS).flush(zlib.Z_FINISH)


def deflate(block: bytes, before: bytes, level: int) -> bytes:
    """A block that follows another one in a raw deflate stream, up to a byte's boundary."""
    wanted = min(level, level_for(block))
    if before and wanted:
        stream = zlib.compressobj(wanted, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    else:
        stream = zlib.compressobj(wanted, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(block) + stream.flush(zlib.Z_SYNC_FLUSH)


def level_for(block: bytes) -> int:
    """The highest level that is worth its time, by samples of the beginning, the middle and the end.

    None for what is compressed already; for what hardly differs, such as zeros, the lowest does as well.
    """
    middle = max(0, len(block) // 2 - SAMPLE // 2)
    sample = block[:SAMPLE] + block[middle : middle + SAMPLE] + block[-SAMPLE:]
    if len(block) <= 3 * SAMPLE:
        return zlib.Z_BEST_COMPRESSION
    left = len(zlib.compress(sample, 1)) / len(sample)
    return 0 if left >= WORTH_IT else zlib.Z_BEST_SPEED if left < MONOTONOUS else zlib.Z_BEST_COMPRESSION

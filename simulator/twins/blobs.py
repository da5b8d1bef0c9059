"""Blobs as they arrive: blocks on disk, put together in the order that the client lists. Knows no protocol."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.safe_files import existing_file, new_file

CHUNK: Final = 1 << 20


class BlobError(Exception):
    """A list names a block that did not arrive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A whole blob: its size and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Blocks:
    """The blocks of one blob, in a folder of their own. A block sent again replaces the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = 0
        folder.mkdir(parents=True)

    async def receive(self, block: str, body: AsyncIterable[bytes]) -> int:
        """Take a block in and give its size back. Nothing is kept of a body that breaks off."""
        self._drafts += 1
        self._folder.mkdir(parents=True, exist_ok=True)  # those of a list are used up
        draft, size = self._folder / f"draft-{self._drafts}", 0
        try:
            with new_file(draft) as file:
                async for chunk in body:
                    size += file.write(chunk)
            draft.replace(self._path(block))
        finally:
            draft.unlink(missing_ok=True)
        return size

    def assemble(self, blocks: Sequence[str], target: Path) -> Content:
        """Make the blob of the listed blocks, in the order of the list and not in that of their arrival.

        The blocks are used up. Raises BlobError.
        """
        paths = [self._path(block) for block in blocks]
        if not all(path.exists() for path in paths):
            raise BlobError("The specified block list is invalid.")
        sha256, size = hashlib.sha256(), 0
        draft = self._folder / "whole"
        self._folder.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)  # of a list that broke off
        with new_file(draft) as whole:
            for path in paths:
                with existing_file(path) as file:
                    while chunk := file.read(CHUNK):
                        sha256.update(chunk)
                        size += whole.write(chunk)
        draft.replace(target)
        self.remove()
        return Content(size=size, sha256=sha256.hexdigest())

    def remove(self) -> None:
        """Forget the blocks. Safe to call twice."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, block: str) -> Path:
        return self._folder / hashlib.sha256(block.encode()).hexdigest()

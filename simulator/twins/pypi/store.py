"""Where an index lies: its database, and the folder of files that pypiserver serves. Knows no rule of the index.

A file is staged and synced, then renamed into pypiserver's folder in the transaction that makes it visible: a crash
leaves at most a whole file that nobody sees, and a staged one. Whoever opens the store next, alone, removes them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from simulator.safe_files import is_component, open_folder, open_new, open_to_read
from simulator.twins.pypi.catalogue import FILES_HERE, FORGET_THE_RUN, SCHEMA, Catalogue

CHUNK: Final = 1 << 20
_PATIENCE: Final = 300  # seconds that one waits for another one's transaction: large archives take long to judge


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """A received file on disk, and its digests in hexadecimal."""

    path: Path
    size: int
    md5: str
    sha256: str
    blake2_256: str


class Store:
    """One index in a folder, which several processes may have open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in (self.packages, self._staging):
            part.mkdir(parents=True, exist_ok=True)
        presence = os.open(folder / "open", os.O_RDWR | os.O_CREAT, 0o644)
        weakref.finalize(self, os.close, presence)
        with _alone(presence) as is_alone:
            with self._connection() as database:
                database.executescript(SCHEMA)
            if is_alone:
                self._recover()

    @property
    def packages(self) -> Path:
        """pypiserver's folder; it may hold files that nobody sees."""
        return self._folder / "packages"

    @property
    def _staging(self) -> Path:
        return self._folder / "staging"

    @property
    def _database(self) -> Path:
        return self._folder / "index.sqlite3"

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Catalogue]:
        """All of what is done to the catalogue, or nothing when it raises; one at a time."""
        with self._connection() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield Catalogue(database)
            except BaseException:
                database.rollback()
                raise
            database.commit()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Catalogue]:
        """The catalogue as it is now."""
        with self._connection() as database:
            yield Catalogue(database)

    def stage(self, source: BinaryIO) -> Staged:
        """Take a file in, durably but not yet visibly."""
        md5, sha256, blake2 = hashlib.md5(usedforsecurity=False), hashlib.sha256(), hashlib.blake2b(digest_size=32)
        handle, name = tempfile.mkstemp(dir=self._staging)
        path, size = Path(name), 0
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := source.read(CHUNK):
                    size += file.write(chunk)
                    for digest in (md5, sha256, blake2):
                        digest.update(chunk)
                os.fchmod(handle, 0o644)
                file.flush()
                os.fsync(handle)
        except BaseException:
            path.unlink()
            raise
        return Staged(
            path=path,
            size=size,
            md5=md5.hexdigest(),
            sha256=sha256.hexdigest(),
            blake2_256=blake2.hexdigest(),
        )

    def place(self, staged: Staged, filename: str) -> None:
        """Move a staged file to where pypiserver finds it; part of the transaction that makes it visible."""
        _require_file_name(filename)
        with open_folder(self.packages) as folder:
            os.replace(staged.path, filename, dst_dir_fd=folder)
            os.fsync(folder)

    def copy_to(self, folder: Path) -> None:
        """Copy what is visible into a new folder. Files are shared with it: nothing ever writes into one in place."""
        other = Store(folder)
        with self._connection() as ours, other._connection() as theirs:
            ours.backup(theirs)
            theirs.executescript(FORGET_THE_RUN)
            names = [str(row["filename"]) for row in theirs.execute(FILES_HERE)]
        with open_folder(self.packages) as source, open_folder(other.packages) as target:
            for name in names:
                _require_file_name(name)
                os.close(open_to_read(source, name))  # a link would be copied as one
                try:
                    os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
                except FileExistsError:
                    raise
                except OSError:  # another file system, or one without hard links
                    _copy(source, target, name)
            os.fsync(target)

    def _recover(self) -> None:
        """Remove what a crash left: files that were being received, and whole ones that nobody was told of."""
        with self._connection() as database:
            visible = {str(row["filename"]) for row in database.execute("SELECT filename FROM file")}
        for path in (*self._staging.iterdir(), *self.packages.iterdir()):
            if path.parent == self._staging or path.name not in visible:
                path.unlink()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._database, timeout=_PATIENCE, isolation_level=None)) as database:
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA foreign_keys = ON")
            # With FULL, a power failure could bring a journal back whose removal was the commit.
            database.execute("PRAGMA synchronous = EXTRA")
            yield database


@contextlib.contextmanager
def _alone(presence: int) -> Iterator[bool]:
    """Whether nobody else has the store open; they wait within. Afterwards they may, as long as the handle is open."""
    try:
        fcntl.flock(presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    fcntl.flock(presence, fcntl.LOCK_SH)


def _copy(source: int, target: int, name: str) -> None:
    with os.fdopen(open_to_read(source, name), "rb") as old, os.fdopen(open_new(target, name), "wb") as new:
        shutil.copyfileobj(old, new, CHUNK)
        new.flush()
        os.fsync(new.fileno())


def _require_file_name(name: str) -> None:
    """See that a name is that of a distribution, which an index may have a file of. Raises OSError."""
    try:
        parse_wheel_filename(name) if name.endswith(".whl") else parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        is_one = False
    else:
        is_one = is_component(name)
    if not is_one:
        raise OSError(errno.EINVAL, "Not the name of a distribution", name)


def sync_folder(folder: Path) -> None:
    """Let a folder's names outlast a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The caches of a repository on disk, kept between runs: SQLite decides what is visible, a blob is a whole file.

Owns how an entry is found and what is evicted; knows no protocol. Several pysim processes may share the folder.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
import threading
import uuid
from collections.abc import AsyncIterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator.paths import Owner, folders_of_the_dead, remove_folder
from simulator.twins.blobs import Blocks, Content
from simulator.twins.records import Clock
from simulator.twins.twirp import TwirpError

LIMIT: Final = 10 * 1024**3  # of all entries of a repository, in bytes (docs.github.com, "Usage limits and eviction")
UNUSED: Final = 7 * 24 * 3600.0  # seconds without access after which an entry goes (same page)
LONGEST_KEY: Final = 512
MOST_KEYS: Final = 10
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, version TEXT NOT NULL, scope TEXT NOT NULL,
    size INTEGER NOT NULL, created REAL NOT NULL, used REAL NOT NULL, run_id TEXT NOT NULL, file TEXT NOT NULL,
    UNIQUE (key, version, scope));
"""
_EXISTS: Final = "cache entry with the same key, version, and scope already exists"
_FIND: Final = """
SELECT * FROM entry WHERE (key = ?1 OR ?2 AND substr(key, 1, length(?1)) = ?1)
AND version = ?3 AND scope = ?4 AND used > ?5 ORDER BY created DESC, id DESC;
"""
_LIST: Final = "SELECT * FROM entry WHERE substr(key, 1, length(?1)) = ?1 ORDER BY used DESC, id DESC;"
_INSERT: Final = """
INSERT INTO entry (key, version, scope, size, created, used, run_id, file) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
"""


_BLOB: Final = re.compile(r"[0-9a-f]{32}")
_NO_BLOB: Final = "none"  # the file of a row that pysim did not write: the repository may have brought its own


class CacheError(TwirpError):
    """A request that the cache service refuses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A cache entry; `scope` is the ref whose runs see it, `run_id` the rehearsal that made it."""

    number: int
    key: str
    version: str
    scope: str
    size: int
    created: float
    used: float
    run_id: str
    path: Path

    @property
    def is_whole(self) -> bool:
        """Whether its bytes are there: a machine that stopped may have lost them."""
        return self.path.is_file() and not self.path.is_symlink() and self.path.stat().st_size == self.size


@dataclass(kw_only=True, slots=True)
class Reservation:
    """An entry that is being uploaded; `ranges` are the sizes of its parts by where they begin (first protocol)."""

    number: int
    key: str
    version: str
    scope: str
    blocks: Blocks
    path: Path
    ranges: dict[int, int]
    content: Content | None = None
    done: bool = False


class CacheStore:
    """The caches of the repository whose state lies in `folder`; made when the first entry is. For any thread."""

    def __init__(self, folder: Path, *, run_id: str, clock: Clock, limit: int = LIMIT) -> None:
        self._folder, self._run_id, self._clock, self._limit = folder, run_id, clock, limit
        self._uploads = folder / "uploads" / f"{Owner.current()}-{uuid.uuid4().hex[:8]}"
        self._reservations: dict[int, Reservation] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def find(self, keys: Sequence[str], version: str, scopes: Sequence[str]) -> Entry | None:
        """The entry that a job gets for a primary key and its restore keys.

        In each scope, in order: the very key, then the newest one that it begins (docs.github.com, "Cache key
        matching"); the next scope only when no key finds anything in this one. A hit counts as use.
        """
        _check_keys(keys)
        if not self._database.exists():
            return None
        with self._transaction() as database:
            for scope, key, by_prefix in itertools.product(scopes, keys, (False, True)):
                wanted = (key, by_prefix, version, scope, self._clock() - UNUSED)
                found = map(self._entry, database.execute(_FIND, wanted).fetchall())
                entry = next((entry for entry in found if entry.is_whole), None)
                if entry is not None:
                    database.execute("UPDATE entry SET used = ? WHERE id = ?", (self._clock(), entry.number))
                    return entry
        return None

    def reserve(self, key: str, version: str, scope: str, size: int = 0) -> Reservation:
        """Begin an entry; nobody else of this run may make the same one meanwhile. `size` is 0 when not known yet."""
        _check_keys([key])
        if not version:
            raise CacheError("invalid_argument", "version is required")
        self._check_size(size)
        with self._lock:
            mine = self._reservations.values()
            if self._is_there(key, version, scope) or any(
                (other.key, other.version, other.scope) == (key, version, scope) for other in mine
            ):
                raise CacheError("already_exists", _EXISTS)
            for folder in folders_of_the_dead(self._uploads.parent):
                remove_folder(folder)
            number = next(self._numbers)
            reservation = self._reservations[number] = Reservation(
                number=number,
                key=key,
                version=version,
                scope=scope,
                blocks=Blocks(self._uploads / str(number)),
                path=self._uploads / f"{number}.blob",
                ranges={},
            )
        return reservation

    def reservation(self, number: int) -> Reservation:
        """An entry that is being uploaded, by its number."""
        found = self._reservations.get(number)
        if found is None or found.done:
            raise CacheError("not_found", "cache entry not found")
        return found

    def reserved(self, key: str, version: str, scope: str) -> Reservation:
        """The same by what it is for."""
        for found in self._reservations.values():
            if (found.key, found.version, found.scope, found.done) == (key, version, scope, False):
                return found
        raise CacheError("not_found", "cache entry not found")

    async def receive(self, reservation: Reservation, block: str, body: AsyncIterable[bytes]) -> None:
        """Take a block in; one sent again replaces the first."""
        await reservation.blocks.receive(block, body)

    async def receive_range(self, reservation: Reservation, begin: int, body: AsyncIterable[bytes]) -> int:
        """Take in the part that begins at a byte, and give its size back."""
        reservation.ranges[begin] = size = await reservation.blocks.receive(str(begin), body)
        return size

    def assemble(self, reservation: Reservation, blocks: Sequence[str]) -> None:
        """Put the blob together from its blocks, in the order of the list. Raises BlobError."""
        reservation.content = reservation.blocks.assemble(blocks, reservation.path)

    def assemble_ranges(self, reservation: Reservation) -> None:
        """Put the blob together from its parts; they must leave no gap and not overlap."""
        expected = 0
        for begin in sorted(reservation.ranges):
            if begin != expected:
                raise CacheError("invalid_argument", f"the bytes from {expected} on did not arrive")
            expected += reservation.ranges[begin]
        self.assemble(reservation, [str(begin) for begin in sorted(reservation.ranges)])

    def commit(self, reservation: Reservation, size: int) -> Entry:
        """Make an entry visible and final, if it has as many bytes as the client says. Evicts what is too much."""
        content = reservation.content
        if content is None:
            raise CacheError("failed_precondition", "the cache's content was not uploaded")
        if size != content.size:
            raise CacheError("invalid_argument", f"the cache has {content.size} bytes, not {size}")
        self._check_size(size)
        self._blobs.mkdir(exist_ok=True)
        name, now = uuid.uuid4().hex, self._clock()
        row = (reservation.key, reservation.version, reservation.scope, size, now, now, self._run_id, name)
        with self._transaction() as database:
            try:
                number = database.execute(_INSERT, row).lastrowid
            except sqlite3.IntegrityError:  # another pysim was faster
                raise CacheError("already_exists", _EXISTS) from None
            reservation.path.replace(self._blobs / name)
            self._evict(database, keep=number)
            made = self._entry(database.execute("SELECT * FROM entry WHERE id = ?", (number,)).fetchone())
        reservation.done = True
        return made

    def entry(self, number: int) -> Entry | None:
        """An entry by its number."""
        return next((entry for entry in self.entries() if entry.number == number), None)

    def entries(self, key: str = "", scope: str = "") -> Sequence[Entry]:
        """The entries whose key begins so, of one scope or of all, the last used first."""
        if not self._database.exists():
            return ()
        with self._connection() as database:
            found = [self._entry(row) for row in database.execute(_LIST, (key,))]
        return [entry for entry in found if scope in {"", entry.scope}]

    def delete(self, entry: Entry) -> None:
        """Forget an entry and its bytes. Safe to call twice."""
        with self._transaction() as database:
            database.execute("DELETE FROM entry WHERE id = ?", (entry.number,))
        entry.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Drop what was not finished."""
        remove_folder(self._uploads)
        with contextlib.suppress(OSError):
            self._uploads.parent.rmdir()

    @property
    def _database(self) -> Path:
        return self._folder / "cache.sqlite3"

    @property
    def _blobs(self) -> Path:
        return self._folder / "blobs"

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise CacheError("invalid_argument", f"the cache has {size} bytes and may have {self._limit}")

    def _is_there(self, key: str, version: str, scope: str) -> bool:
        return any((entry.key, entry.version) == (key, version) for entry in self.entries(key, scope))

    def _entry(self, row: sqlite3.Row) -> Entry:
        return Entry(
            number=row["id"],
            key=row["key"],
            version=row["version"],
            scope=row["scope"],
            size=row["size"],
            created=row["created"],
            used=row["used"],
            run_id=row["run_id"],
            path=self._blobs / (row["file"] if _BLOB.fullmatch(str(row["file"])) else _NO_BLOB),
        )

    def _evict(self, database: sqlite3.Connection, *, keep: int | None) -> None:
        """Forget what nobody used for a week, then the least recently used until the rest is within the limit.

        Blobs that no entry has go too: those of processes that died before they could say whose they are.
        """
        rows = database.execute("SELECT * FROM entry ORDER BY id = ? DESC, used DESC, id DESC", (keep,)).fetchall()
        total, kept = 0, set()
        for entry in map(self._entry, rows):
            total += entry.size
            if total > self._limit or entry.used <= self._clock() - UNUSED:
                total -= entry.size
                database.execute("DELETE FROM entry WHERE id = ?", (entry.number,))
            else:
                kept.add(entry.path)
        for path in set(self._blobs.iterdir()) - kept:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.rollback()
                raise
            database.commit()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._database, timeout=30, isolation_level=None)) as database:
            database.row_factory = sqlite3.Row
            database.execute(_SCHEMA)
            yield database


def _check_keys(keys: Sequence[str]) -> None:
    if not keys or not all(keys):
        raise CacheError("invalid_argument", "key is required")
    if len(keys) > MOST_KEYS:
        raise CacheError("invalid_argument", f"at most {MOST_KEYS} keys can be given")
    for key in keys:
        if len(key) > LONGEST_KEY or "," in key:
            reason = "has a comma" if "," in key else f"is longer than {LONGEST_KEY} characters"
            raise CacheError("invalid_argument", f"the key {key[:40]} {reason}")

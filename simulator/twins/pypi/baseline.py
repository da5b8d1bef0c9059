"""The index that is kept between runs: a run works on a copy of it, and may put its own in its place.

The folder holds one generation and the link `current`, which is replaced in one step. Knows no rule of an index.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from simulator.errors import TwinError
from simulator.indexes import IndexName, indexes
from simulator.remedies import Act, remedy
from simulator.safe_files import open_folder, open_to_append
from simulator.twins.pypi.store import Store, sync_folder

_GENERATION: Final = re.compile(r"index-\w+")


def open_copies(baseline: Path, folder: Path) -> Mapping[IndexName, Store]:
    """A store for each index in `folder`, holding what the baseline holds. Raises TwinError."""
    with _telling(f"The index of this run cannot be made in {folder}", baseline):
        if (baseline / "current").exists():
            with _lock(baseline, fcntl.LOCK_SH):
                for name in indexes():
                    Store(_current(baseline) / name).copy_to(folder / name)
        return {name: Store(folder / name) for name in indexes()}


def keep(stores: Mapping[IndexName, Store], baseline: Path) -> None:
    """Make copies of the stores the new baseline; a crash leaves the old one or the new one. Raises TwinError."""
    with _telling(f"The index cannot be kept in {baseline}", baseline), _lock(baseline, fcntl.LOCK_EX):
        generation = Path(tempfile.mkdtemp(dir=baseline, prefix="index-"))
        for name, store in stores.items():
            store.copy_to(generation / name)
        _put(generation)


@contextlib.contextmanager
def changing(baseline: Path) -> Iterator[Mapping[IndexName, Store]]:
    """The kept index, to be changed: all of what is done to it counts, or nothing when it raises. Raises TwinError."""
    with _telling(f"The index cannot be kept in {baseline}", baseline), _lock(baseline, fcntl.LOCK_EX):
        generation = Path(tempfile.mkdtemp(dir=baseline, prefix="index-"))
        try:
            if (baseline / "current").exists():
                for name in indexes():
                    Store(_current(baseline) / name).copy_to(generation / name)
            yield {name: Store(generation / name) for name in indexes()}
        except BaseException:
            shutil.rmtree(generation)
            raise
        _put(generation)


def _current(baseline: Path) -> Path:
    """The generation that counts. Raises OSError for a link to anything but one."""
    name = str((baseline / "current").readlink())
    if not _GENERATION.fullmatch(name) or (baseline / name).is_symlink():
        raise OSError(errno.EINVAL, "Not a generation of the index", str(baseline / "current"))
    return baseline / name


def _put(generation: Path) -> None:
    """Make a folder the current generation, and remove all others."""
    link = generation.parent / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(generation.name)
    link.replace(generation.parent / "current")
    sync_folder(generation.parent)  # before anything of the old one goes
    for old in generation.parent.glob("index-*"):
        if old != generation:
            shutil.rmtree(old)


@contextlib.contextmanager
def _telling(what: str, baseline: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        hint = f"Make room there, or let pysim forget what is kept in {baseline}."
        raise TwinError(f"{what}: {error}", hint=hint, remedies=[remedy(Act.CLEAN_INDEX)]) from error


@contextlib.contextmanager
def _lock(baseline: Path, kind: int) -> Iterator[None]:
    baseline.mkdir(parents=True, exist_ok=True)
    with open_folder(baseline) as folder, os.fdopen(open_to_append(folder, "lock"), "a") as file:
        fcntl.flock(file, kind)
        yield

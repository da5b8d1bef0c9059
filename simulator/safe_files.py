"""Files below a folder that is held open: made anew and never through a link, whatever lies at their names meanwhile.

A name is one component. Every function raises OSError alone. Knows no place of pysim's.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final

LARGEST_FILE: Final = 4 << 20  # bytes read of a repository's file: as long as YAML can be that GitHub reads
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def open_folder(path: Path, *below: str, make: bool = False) -> Iterator[int]:
    """The descriptor of a folder that is no link, or of one below it by way of none; `make` those that are missing."""
    handle = os.open(path, _FOLDER)
    try:
        for name in below:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(_component(name), dir_fd=handle)
            inner = os.open(_component(name), _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def open_new(folder: int, name: str, mode: int = 0o644) -> int:
    """A new file to be written. Raises FileExistsError for whatever is there already, a link included."""
    return os.open(_component(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, mode, dir_fd=folder)


def open_to_append(folder: int, name: str) -> int:
    """A file to be written on at its end, made if missing; one that is no link."""
    handle = os.open(_component(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | _FILE, 0o644, dir_fd=folder)
    return _regular(handle, name)


def open_to_read(folder: int, name: str) -> int:
    """A file to be read; one that is no link, and no pipe that nobody writes to."""
    return _regular(os.open(_component(name), os.O_RDONLY | os.O_NONBLOCK | _FILE, dir_fd=folder), name)


def new_file(path: Path) -> BinaryIO:
    """A new file to be written, in a folder that is no link. Raises FileExistsError for whatever is there already."""
    with naming(path), open_folder(path.parent) as folder:
        return os.fdopen(open_new(folder, path.name), "wb")


def existing_file(path: Path) -> BinaryIO:
    """A file to be read that is no link, in a folder that is none."""
    with naming(path), open_folder(path.parent) as folder:
        return os.fdopen(open_to_read(folder, path.name), "rb")


def first_link(folder: Path) -> Path | None:
    """A symbolic link at any depth below a folder, or the folder itself where it is one; None where there is none."""
    if folder.is_symlink():
        return folder
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if (path := Path(here, name)).is_symlink():
                return path
    return None


def read_file(folder: int, name: str, most: int) -> bytes:
    """What a file holds, as far as `most` bytes."""
    with os.fdopen(open_to_read(folder, name), "rb") as file:
        return file.read(most)


def read_below(root: Path, path: str, most: int) -> bytes | None:
    """What a file below a folder holds, as far as `most` bytes, links followed as long as they stay in the folder.

    None where there is no such file.
    """
    file = (root / path).resolve()
    if not (file.is_relative_to(root.resolve()) and file.is_file()):
        return None
    with open_folder(file.parent) as folder:
        return read_file(folder, file.name, most)


def write_new(folder: int, name: str, text: str) -> None:
    """A new file with a text in UTF-8."""
    with os.fdopen(open_new(folder, name), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A text in UTF-8 that is put in the place of what is at `path`, in one step, once it is whole."""
    draft = f".{path.name[:100]}.{secrets.token_hex(8)}.new"
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.fdopen(open_new(handle, draft), "w", encoding="utf-8", newline="\n") as file:
            yield file
        os.replace(draft, path.name, src_dir_fd=handle, dst_dir_fd=handle)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft, dir_fd=handle)
        raise
    finally:
        os.close(handle)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError within name the whole path instead of a part of it."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def is_component(name: str) -> bool:
    """Whether a name is that of something in a folder, and of nothing elsewhere."""
    return name not in {"", ".", ".."} and "/" not in name and "\0" not in name


def _component(name: str) -> str:
    if not is_component(name):
        raise OSError(errno.EINVAL, "Not the name of a file", name)
    return name


def _regular(handle: int, name: str) -> int:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", name)
    return handle

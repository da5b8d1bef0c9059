"""The mark that tells what pysim made for this user from what came with a repository: a file that names its place.

The mark is `<random id> <HMAC-SHA256>`, both hexadecimal, over the resolved path of the repository and the id, with a
key of this user's. Every function raises OSError alone. Knows neither where the key lies nor what is marked.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Final

from simulator.safe_files import open_folder, open_new, read_file

MARK: Final = ".made-by"
_KEY: Final = "state-key"
_KEY_BYTES: Final = 32
_FORM: Final = re.compile(r"([0-9a-f]{32}) ([0-9a-f]{64})\n")
_LONGEST: Final = 32 + 1 + 64 + 1


def mark(folder: int, root: Path, key: bytes) -> None:
    """Mark a folder as made for the repository at `root`, in one step; in the place of a mark that is there."""
    number = secrets.token_hex(16)
    draft = f"{MARK}.{secrets.token_hex(8)}"
    try:
        with os.fdopen(open_new(folder, draft), "w", encoding="ascii") as file:
            file.write(f"{number} {_code(root, number, key)}\n")
        os.replace(draft, MARK, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise


def is_marked(folder: int, root: Path, keys: Path) -> bool:
    """Whether the folder has the mark of the repository at `root`, made with the key that lies in `keys`."""
    try:
        key = _read_key(keys)
        text = read_file(folder, MARK, _LONGEST + 1).decode("ascii", errors="replace")
    except OSError:
        return False
    match = _FORM.fullmatch(text)
    return match is not None and hmac.compare_digest(match[2], _code(root, match[1], key))


def user_key(keys: Path) -> bytes:
    """The key of this user in the folder `keys`; made the first time, whichever process is first."""
    with open_folder(keys.resolve()) as folder:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(_KEY, flags, 0o600, dir_fd=folder), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not file.read(1):
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
    return _read_key(keys)


def _read_key(keys: Path) -> bytes:
    with open_folder(keys.resolve()) as folder:
        key = read_file(folder, _KEY, _KEY_BYTES + 1)
    if len(key) != _KEY_BYTES:
        raise OSError(errno.EINVAL, f"is no key of {_KEY_BYTES} bytes; remove it", str(keys / _KEY))
    return key


def _code(root: Path, number: str, key: bytes) -> str:
    place = b"\0".join((b"pysim state", number.encode("ascii"), os.fsencode(root.resolve())))
    return hmac.new(key, place, hashlib.sha256).hexdigest()

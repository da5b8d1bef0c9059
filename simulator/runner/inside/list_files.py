"""What a step left in the workspace: prints a JSON object of `files`, `changed` and `now`.

`files` are distributions wherever they lie, and all that lies in a folder that holds one or is called `dist`; a folder
ends with a slash. Reads no more than MOST_READ entries, and prints no more than MOST. `changed` has each tracked file
that is other than in the commit, with the time when it was written, or null where it was deleted; times are in seconds
since the epoch, and `now` is this one.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MOST = 200
MOST_READ = 100_000
GIT_SECONDS = 10
DEEPEST = 8
ENDINGS = (".whl", ".tar.gz", ".zip", ".egg")
PLACES = ("dist", "wheelhouse")
PASSED_OVER = (".git", "node_modules", "site-packages", "__pycache__", ".tox", ".nox", ".venv", "venv")


def listed(root: Path) -> Iterator[str]:
    """The paths, relative to the workspace."""
    read = 0
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER) if len(inside.parts) < DEEPEST else []
        read += len(files) + len(folders)
        if read > MOST_READ:
            return
        if inside.name in PLACES or any(name.endswith(ENDINGS) for name in files):
            yield from (f"{inside / name}/" for name in folders)
            yield from (str(inside / name) for name in sorted(files))


def changed(root: Path) -> dict[str, float | None]:
    """The tracked files that git sees as changed, as a tool that makes a version of git does."""
    argv = ("git", "--no-optional-locks", "-c", "safe.directory=*", "diff", "--name-only", "-z", "HEAD")
    try:
        done = subprocess.run(argv, cwd=root, capture_output=True, check=False, timeout=GIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    paths = [os.fsdecode(name) for name in done.stdout.split(b"\0")[:-1]] if done.returncode == 0 else []
    return {path: written(root / path) for path in paths[:MOST]}


def written(path: Path) -> float | None:
    """When a file was written."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


def main(root: str) -> None:
    """Print them."""
    files = list(itertools.islice(listed(Path(root)), MOST))
    sys.stdout.write(json.dumps({"files": files, "changed": changed(Path(root)), "now": time.time()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

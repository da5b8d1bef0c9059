"""What lies in the workspace where distributions are, or are looked for: prints a JSON list of paths.

These are distributions wherever they lie, and all that lies in a folder that holds one or is called `dist`; a folder
ends with a slash. Reads no more than MOST_READ entries, and prints no more than MOST.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

MOST = 200
MOST_READ = 100_000
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


def main(root: str) -> None:
    """Print them."""
    found = []
    for path in listed(Path(root)):
        found.append(path)
        if len(found) == MOST:
            break
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

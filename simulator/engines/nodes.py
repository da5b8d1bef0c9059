"""The Nodes of this machine that JavaScript actions can run on. Runs every candidate; knows no engine."""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator import process
from simulator.errors import ProcessError
from simulator.paths import cache_folder

NEWEST = 24  # GitHub runs what names an older one on it, too
MAJORS = (20, 24)  # those that actions name in `runs.using` today
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundNode:
    """A Node that ran: its version, its real executable and the folder that holds all of it."""

    version: tuple[int, int, int]
    executable: Path

    @property
    def prefix(self) -> Path:
        return self.executable.parent.parent


@functools.cache
def find_nodes() -> Sequence[FoundNode]:
    """Look through PATH, nvm and tool caches, newest first; once."""
    return search(dict.fromkeys(path.resolve() for path in candidates(os.environ, Path.home())))


def search(paths: Iterable[Path]) -> Sequence[FoundNode]:
    """Run each candidate and keep those that answer."""
    found = [node for path in paths if (node := _probe(path)) is not None]
    return sorted(found, key=lambda node: node.version, reverse=True)


def serving(major: int, nodes: Sequence[FoundNode]) -> FoundNode | None:
    """The newest of a major version, else of the nearest later one, as GitHub's runner serves actions of an old one."""
    later = [node for node in nodes if node.version[0] >= major]
    return min(later, key=lambda node: (node.version[0], *(-part for part in node.version[1:])), default=None)


def fetched_folder() -> Path:
    """Where those are kept that were fetched for pysim."""
    return cache_folder() / "nodes"


def candidates(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Executables that may be Node."""
    folders = [Path(entry) for entry in environment.get("PATH", "").split(os.pathsep) if entry.startswith("/")]
    nvm = Path(environment.get("NVM_DIR") or home / ".nvm")
    with contextlib.suppress(OSError):  # a folder that this user may not look into
        folders += [*nvm.glob("versions/node/*/bin"), *Path("/opt/hostedtoolcache").glob("node/*/*/bin")]
    with contextlib.suppress(OSError):
        folders += sorted(fetched_folder().glob("*/bin"))
    yield from (path for folder in (*folders, Path("/usr/bin")) if os.access(path := folder / "node", os.X_OK))


def _probe(path: Path) -> FoundNode | None:
    try:
        match = _VERSION.fullmatch(process.run([path, "--version"], timeout=10).text)
    except (ProcessError, OSError):
        return None
    if match is None:
        return None
    return FoundNode(version=(int(match[1]), int(match[2]), int(match[3])), executable=path)

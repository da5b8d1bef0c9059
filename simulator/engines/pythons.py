"""The CPythons of this machine that a job can be given: each candidate is run, because a shim may lie.

Knows no engine. What a binary answered is remembered between runs, for as long as it and what it named stay in place.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import process
from simulator.errors import ProcessError
from simulator.paths import cache_folder

_NAME = re.compile(r"python3(\.\d+)?")
_TIMEOUT = 10.0
_ELF = b"\x7fELF"
# Says what it is only when it can make environments with pip in them, and is neither a debug nor a free-threaded build.
_PROBE = """
import json, os, platform, sys, sysconfig, venv, ensurepip
base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
plain = platform.python_implementation() == "CPython" and not getattr(sys, "abiflags", "")
plain = plain and not sysconfig.get_config_var("Py_GIL_DISABLED")
print(json.dumps({
    "plain": plain and sys.version_info.releaselevel == "final",
    "version": platform.python_version(),
    "executable": base,
    "prefix": os.path.realpath(sys.base_prefix),
    "needs": [os.path.realpath(module.__file__) for module in (venv, ensurepip)],
}))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPython:
    """A CPython that ran: full version, its real executable and the folder that holds all of it."""

    version: str
    executable: Path
    prefix: Path

    @property
    def minor(self) -> str:
        """`3.12`."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonSearch:
    """What a search found, newest first, and where it looked."""

    found: Sequence[FoundPython]
    looked_at: Sequence[Path]

    def newest(self, minor: str) -> FoundPython | None:
        """The newest one of a minor version."""
        return next((python for python in self.found if python.minor == minor), None)


@functools.cache
def find_pythons(minor: str | None = None) -> PythonSearch:
    """Look through tool caches, pyenv, uv, /opt/python, /usr and PATH for all, or for one minor version; once."""
    paths = candidates(os.environ, Path.home())
    return search([path for path in paths if minor is None or path.name == f"python{minor}"])


def fetched_folder() -> Path:
    """Where those are kept that were fetched for pysim."""
    return cache_folder() / "uv-python"


def candidates(environment: Mapping[str, str], home: Path) -> Sequence[Path]:
    """The executables to try, each once, in order of preference."""
    found = dict.fromkeys(path for folder in _folders(environment, home) for path in _executables(folder))
    return tuple(found)


def search(paths: Sequence[Path]) -> PythonSearch:
    """Run each candidate and keep those that are what a job needs, one a version."""
    unique = {path.resolve() if path.is_symlink() else path: None for path in paths}
    cache = _ProbeCache(cache_folder() / "pythons.json")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        probes = pool.map(functools.partial(_probe, cache=cache), unique)
        results = [python for python in probes if python is not None]
    cache.save()
    by_version: dict[str, FoundPython] = {}
    for python in results:
        by_version.setdefault(python.version, python)
    ordered = sorted(by_version.values(), key=lambda python: [int(n) for n in python.version.split(".")], reverse=True)
    return PythonSearch(found=tuple(ordered), looked_at=tuple(paths))


def _folders(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv")
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    caches = (environment.get("RUNNER_TOOL_CACHE"), environment.get("AGENT_TOOLSDIRECTORY"), "/opt/hostedtoolcache")
    for cache in caches:
        if cache:
            yield from _sorted(Path(cache).glob("Python/*/*/bin"))
    yield from _sorted(pyenv.glob("versions/*/bin"))
    yield from _sorted(uv.glob("*/bin"))
    yield from _sorted(fetched_folder().glob("*/bin"))
    yield from _sorted(Path("/opt/python").glob("*/bin"))
    yield from (Path("/usr/local/bin"), Path("/usr/bin"))
    path = [Path(entry) for entry in environment.get("PATH", "").split(os.pathsep) if entry.startswith("/")]
    # pyenv's shims are slow, and what they start is among its versions, seen above.
    yield from (folder for folder in path if folder != pyenv / "shims")


def _sorted(paths: Iterator[Path]) -> Sequence[Path]:
    try:
        return sorted(paths, reverse=True)
    except OSError:  # a folder that this user may not look into
        return ()


def _executables(folder: Path) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and os.access(path, os.X_OK))
    except OSError:
        return ()


def _probe(path: Path, cache: _ProbeCache) -> FoundPython | None:
    facts = cache.get(path)
    if facts is None:
        try:
            done = process.run([path, "-I", "-c", _PROBE], timeout=_TIMEOUT, check=False)
            facts = json.loads(done.stdout) if done.code == 0 else {}
        except (ProcessError, OSError, ValueError):
            return None
        if not facts.get("plain"):
            return None
        cache.put(path, facts)
    return FoundPython(version=facts["version"], executable=Path(facts["executable"]), prefix=Path(facts["prefix"]))


class _ProbeCache:
    """What binaries answered, in a file; a script is asked anew each time, since what it starts may change."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, dict[str, Any]] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._known = dict(json.loads(file.read_text(encoding="utf-8")))

    def get(self, path: Path) -> dict[str, Any] | None:
        """The answer of a binary that has not changed since."""
        known = self._known.get(str(path))
        try:
            if known is None or known["stamp"] != _stamp(path):
                return None
            facts = known["facts"]
            places = (facts["executable"], facts["prefix"], *facts["needs"])
            return dict(facts) if all(map(os.path.exists, places)) else None
        except (OSError, LookupError, TypeError):
            return None

    def put(self, path: Path, facts: dict[str, Any]) -> None:
        """Remember an answer."""
        try:
            with path.open("rb") as file:
                is_binary = file.read(len(_ELF)) == _ELF
            if is_binary:
                self._known[str(path)] = {"stamp": _stamp(path), "facts": facts}
                self._changed = True
        except OSError:
            return

    def save(self) -> None:
        """Write down what is new; where that cannot be done, the next run asks again."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._file.parent, delete=False, encoding="utf-8") as draft:
                json.dump(self._known, draft)
            Path(draft.name).replace(self._file)


def _stamp(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_mtime_ns, facts.st_size, facts.st_ino]

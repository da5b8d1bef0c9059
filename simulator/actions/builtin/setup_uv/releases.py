"""The versions of uv that are to be had, and how one gets into the tool cache. Knows no input.

uv comes from the package index of the sandbox, by pip. pysim's own one, beside its Python, spares the download where
it is the wanted version.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from simulator.actions.builtin.setup_python import versions as npm
from simulator.actions.builtin.setup_python.installations import tool_cache
from simulator.actions.builtin.toolkit import log, package_index
from simulator.actions.builtin.toolkit.step import ActionError

ALL_VERSIONS = "https://raw.githubusercontent.com/astral-sh/versions/main/v1/uv.ndjson"
PROGRAMS = ("uv", "uvx")


def choose(wanted: str, *, lowest: bool) -> str:
    """The version that a version, a range in npm's or Python's notation, or `latest` means. Raises ActionError."""
    if npm.parse_version(wanted) is not None:
        return wanted
    version = pick(wanted, _versions(), lowest=lowest)
    if version is None:
        raise ActionError(f"No version found for {wanted}")
    return version


def pick(wanted: str, known: Sequence[str], *, lowest: bool) -> str | None:
    """The version that a range means among those that are known, newest first."""
    if wanted in {"latest", "latest-known"}:
        return known[0]
    if ">" in wanted and "," not in wanted and not lowest:
        log.info("Found minimum version specifier, using latest version")
        return known[0] if _fits_python(known[0], wanted) else None
    fitting = _fitting(known, wanted)
    return fitting[-1 if lowest else 0] if fitting else None


def find(version: str) -> Path | None:
    """The folder of a version in the tool cache."""
    folder = _folder(version)
    return folder if folder.is_dir() and folder.with_name(f"{folder.name}.complete").is_file() else None


def install(version: str) -> Path:
    """Put a version into the tool cache; its folder. Raises ActionError when it is not to be had."""
    folder = _folder(version)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = Path(sys.executable).parent
    if _version_of(own / "uv") == version:
        _keep(own, folder)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            _download(version, Path(temporary))
            _keep(Path(temporary) / "bin", folder)
    folder.with_name(f"{folder.name}.complete").touch()
    return folder


def architecture() -> str:
    """The name of the sandbox's architecture in uv's releases."""
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def _folder(version: str) -> Path:
    return tool_cache() / "uv" / version / architecture()


def _versions() -> Sequence[str]:
    """All versions of the index, newest first, without prereleases; pysim's own one where the index does not say."""
    try:
        return package_index.versions("uv")
    except package_index.NotInIndexError as error:
        answer = str(error)
    own = _version_of(Path(sys.executable).parent / "uv")
    if own is None:
        raise ActionError(f"The package index does not say which versions of uv there are: {answer}")
    log.warning(f"The package index does not say which versions of uv there are; pysim takes its own, {own}.")
    return [own]


def _fitting(known: Sequence[str], wanted: str) -> list[str]:
    accepted = npm.parse_range(wanted)
    if accepted is not None:
        parsed = {version: npm.parse_version(version) for version in known}
        found = [version for version, value in parsed.items() if value and npm.best(accepted, [value])]
        if found:
            return found
    return [version for version in known if _fits_python(version, wanted)]


def _fits_python(version: str, wanted: str) -> bool:
    try:
        return Version(version) in SpecifierSet(wanted)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _download(version: str, target: Path) -> None:
    log.info(f"Downloading uv {version} from the package index ...")
    try:
        package_index.install("uv", version, target)
    except package_index.NotInIndexError as error:
        found = f"Could not find artifact for version {version}, arch {architecture()}, platform unknown-linux-gnu"
        raise ActionError(f"{found} in {ALL_VERSIONS} .\npysim looked in the package index: {error}") from None


def _keep(source: Path, folder: Path) -> None:
    for name in PROGRAMS:
        if (source / name).is_file():
            shutil.copy2(source / name, folder / name)
        else:  # an older uv, or one that the machine shows without it
            script = folder / name
            script.write_text('#!/bin/sh\nexec "$(dirname "$0")/uv" tool uvx "$@"\n', encoding="utf-8")
            script.chmod(0o755)


def _version_of(program: Path) -> str | None:
    try:
        done = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    except OSError:
        return None
    found = re.match(r"uv (\d+\.\d+\.\d+\S*)", done.stdout)
    return found[1] if found else None

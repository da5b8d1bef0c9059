"""Reads the wanted Python version from the files that setup-python knows. Looks at no interpreter."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from simulator.actions.builtin.setup_python import versions
from simulator.actions.builtin.toolkit import log

DEFAULT_FILE = Path(".python-version")


def read(file: Path) -> list[str]:
    """The versions that a file names, in the notation of its kind."""
    if file.suffix == ".toml":
        return _from_pyproject(file)
    if ".tool-versions" in file.name:
        return _from_tool_versions(file)
    if "Pipfile" in file.name:
        return _from_pipfile(file)
    return _from_plain(file)


def read_default() -> list[str]:
    """The versions of .python-version, where neither input is given."""
    log.info(
        "[warning]Neither 'python-version' nor 'python-version-file' inputs were supplied. "
        f"Attempting to find '{DEFAULT_FILE}' file."
    )
    if DEFAULT_FILE.exists():
        return _from_plain(DEFAULT_FILE)
    log.info(f"[warning]{DEFAULT_FILE} doesn't exist.")
    return []


def _from_plain(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    found = [line.split("/")[0] for line in lines if line and not line.startswith("#")]
    log.info(f"Resolved {file} as {', '.join(found)}")
    return found


def _from_tool_versions(file: Path) -> list[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\s*python\s*v?\s*(\S+)\s*$", line)
        if found:
            return [found[1]]
    log.warning(f"No Python version found in {file}")
    return []


def _from_pipfile(file: Path) -> list[str]:
    requires = tomllib.loads(file.read_text(encoding="utf-8")).get("requires")
    if requires is None:
        log.warning(f"No Python version found in {file}")
        return []
    found = [str(requires[key]) for key in ("python_full_version", "python_version") if key in requires][:1]
    log.info(f"Extracted {', '.join(found)} from {file}")
    return found


def _from_pyproject(file: Path) -> list[str]:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    keys = ("project", "requires-python") if "project" in content else ("tool", "poetry", "dependencies", "python")
    value: Any = content
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    found = [str(value)] if value is not None else []
    log.info(f"Extracted {', '.join(found)} from {file}")
    ranges = [text.replace(",", " ") for text in found]
    return [text for text in ranges if versions.parse_range(text) is not None]

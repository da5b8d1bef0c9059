"""Which uv a project's files ask for. Knows no input and no index."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.actions.builtin.toolkit import log

_REQUIREMENT = re.compile(r"uv([=<>~!]+\S*)")


def required_version(file: Path) -> str | None:
    """The version or the range that a file asks for; None where it does not say, or is of no known kind."""
    log.info(f"Trying to find version for uv in: {file}")
    if not file.is_file():
        log.info(f"Could not find file: {file}")
        return None
    reader = next((reader for end, reader in _READERS.items() if str(file).endswith(end)), None)
    if reader is None:
        return None
    try:
        found = reader(file)
    except (OSError, ValueError) as error:  # of tomllib and of Unicode too
        log.warning(f"Error while parsing {file}: {error}")
        return None
    if found is None:
        return None
    found = found.strip().removeprefix("==")
    log.info(f"Found version for uv in {file}: {found}")
    return found


def uv_setting(file: Path, key: str) -> str | None:
    """A setting of uv.toml, or of [tool.uv] of pyproject.toml. Raises OSError and tomllib.TOMLDecodeError."""
    if file.suffix != ".toml" or not file.is_file():
        return None
    content = _toml(file)
    table = content.get("tool", {}).get("uv", {}) if file.name.endswith("pyproject.toml") else content
    value = table.get(key)
    return None if value is None else str(value)


def python_version(file: Path) -> str:
    """The Python of a .tool-versions, "" for none that can be used."""
    versions = _tool_versions(file, "python") if file.name.endswith(".tool-versions") else ()
    if len(versions) > 1:
        log.warning("Multiple Python versions in .tool-versions are not supported. The Python entry will be ignored.")
    if len(versions) != 1:
        return ""
    version = versions[0].removeprefix("v")
    if version == "system" or version.startswith(("ref:", "path:")) or "/" in version:
        log.warning(
            f"The Python version {versions[0]} in .tool-versions is not supported. The Python entry will be ignored."
        )
        return ""
    return version


def _of_tool_versions(file: Path) -> str | None:
    versions = _tool_versions(file, "uv")
    if len(versions) != 1:
        return None
    version = versions[0].removeprefix("v")
    if "/" in version:
        log.warning(f"The uv version {versions[0]} in .tool-versions is not supported. Paths are not allowed.")
        return None
    if version.startswith("ref"):
        log.warning("The ref syntax of .tool-versions is not supported. Please use a released version instead.")
        return None
    return version


def _tool_versions(file: Path, tool: str) -> tuple[str, ...]:
    for line in file.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == [tool]:
            return tuple(words[1:])
    return ()


def _of_uv_toml(file: Path) -> str | None:
    return uv_setting(file, "required-version")


def _of_pyproject(file: Path) -> str | None:
    return uv_setting(file, "required-version") or _of_dependencies(_dependencies(_toml(file)))


def _dependencies(content: Mapping[str, Any]) -> Iterator[str]:
    project = content.get("project", {})
    groups = [*project.get("optional-dependencies", {}).values(), *content.get("dependency-groups", {}).values()]
    for group in (project.get("dependencies", []), *groups):
        yield from (item for item in group if isinstance(item, str))


def _of_requirements(file: Path) -> str | None:
    return _of_dependencies(iter(file.read_text(encoding="utf-8").splitlines()))


def _of_dependencies(lines: Iterator[str]) -> str | None:
    found = (_REQUIREMENT.match(line.partition(";")[0].strip()) for line in lines)
    return next((match[1] for match in found if match), None)


def _of_lock(file: Path) -> str | None:
    packages = _toml(file).get("package", [])
    return next((str(each["version"]) for each in packages if each.get("name") == "uv" and "version" in each), None)


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


_READERS: Mapping[str, Callable[[Path], str | None]] = {
    ".tool-versions": _of_tool_versions,
    "uv.toml": _of_uv_toml,
    "pyproject.toml": _of_pyproject,
    "uv.lock": _of_lock,
    ".txt": _of_requirements,
}

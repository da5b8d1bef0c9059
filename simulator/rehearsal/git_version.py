"""Whether a project takes its version from git, by its pyproject.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from simulator.toml_reading import TomlError, parse_toml

_BRACKETS: Final = 50  # `packaging` takes memory by the square of those that are nested


def git_version(pyproject: bytes, tools: Collection[str]) -> str | None:
    """The build requirement, one of `tools` (normalised names), that takes the version from git.

    None when there is none, when the version is written down, and for a file that is not TOML.
    """
    try:
        data = parse_toml(pyproject)
        required = data.get("build-system", {}).get("requires", ())
        project = data.get("project", {})
        written = "version" in project or (project and "version" not in project.get("dynamic", ()))
    except (TomlError, AttributeError, TypeError):
        return None
    if written:
        return None
    return next((name for name in required_names(required) if name in tools), None)


def required_names(required: object) -> Iterator[str]:
    """The normalised names of what `requires` of [build-system] lists; none of what is no list or no requirement."""
    return (_project(item) for item in (required if isinstance(required, list) else ()) if isinstance(item, str))


def _project(requirement: str) -> str:
    """The normalised name of what is required; nothing for what is no requirement."""
    from packaging.requirements import InvalidRequirement, Requirement  # few projects come so far
    from packaging.utils import canonicalize_name

    if requirement.count("(") > _BRACKETS:
        return ""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""

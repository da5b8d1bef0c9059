"""The names of the projects that a repository builds, from its pyproject.toml files; for jobs without an artifact."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from packaging.utils import NormalizedName, canonicalize_name


def project_names(files: Iterable[bytes]) -> tuple[NormalizedName, ...]:
    """The normalised `project.name` of each pyproject.toml that has one; broken files are the build's to judge."""
    names: list[NormalizedName] = []
    for content in files:
        try:
            name = tomllib.loads(content.decode()).get("project", {}).get("name")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
            continue
        if isinstance(name, str):
            names.append(canonicalize_name(name))
    return tuple(dict.fromkeys(names))

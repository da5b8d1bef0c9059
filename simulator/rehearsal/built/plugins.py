"""Tables that would take the version from git, and whose plugin the build does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulator.positions import Span
from simulator.rehearsal.git_version import required_names
from simulator.rehearsal.projects import Project

_TABLES: Final = {
    "poetry-dynamic-versioning": ("poetry-dynamic-versioning", "poetry_dynamic_versioning.backend"),
    "setuptools_scm": ("setuptools-scm", None),
    "setuptools-scm": ("setuptools-scm", None),
    "uv-dynamic-versioning": ("uv-dynamic-versioning", None),
    "versioningit": ("versioningit", None),
}
"""By the name below [tool]: the plugin that reads it, and the build backend that it needs, if it needs its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdlePlugin:
    """A plugin that is configured and not required: what says so, what mends it, and where."""

    says: str
    hint: str
    where: Span | None


def idle_plugin(project: Project) -> IdlePlugin | None:
    """The plugin of a project that cannot do its work in the build."""
    tools = project.table("tool")
    names = set(required_names(project.table("build-system").get("requires")))
    for table, (plugin, backend) in _TABLES.items():
        if isinstance(tools.get(table), dict) and plugin not in names:
            also = f', with `build-backend = "{backend}"`' if backend else ""
            return IdlePlugin(
                says=f"[tool.{table}] takes the version from git, and [build-system] does not require {plugin}",
                hint=f"Add {plugin} to `requires` of [build-system]{also}.",
                where=project.span_of_key("build-system", "requires") or project.span_of_text(f"[tool.{table}"),
            )
    return None

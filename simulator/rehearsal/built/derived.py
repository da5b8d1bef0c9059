"""Why a version that a tool makes of git is not the tag's: the tool that was not asked, or what it saw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from packaging.version import InvalidVersion, Version

from simulator.positions import Span
from simulator.rehearsal.built.model import Subject
from simulator.rehearsal.distributions import Distribution
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
_COMMIT: Final = re.compile(r"(?:^|\.)g[0-9a-f]{4,40}(?:\.|$)")
_CHANGED: Final = re.compile(r"(?:^|\.)(?:d\d{8}|dirty)(?:\.|$)")
_NAMED: Final = 3  # files


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionCause:
    """Why a version is as it is: what says so, what mends it, and where."""

    says: str
    hint: str
    where: Span | None


def idle_plugin(project: Project) -> VersionCause | None:
    """The plugin of a project that cannot do its work in the build."""
    tools = project.table("tool")
    names = set(required_names(project.table("build-system").get("requires")))
    for table, (plugin, backend) in _TABLES.items():
        if isinstance(tools.get(table), dict) and plugin not in names:
            also = f', with `build-backend = "{backend}"`' if backend else ""
            return VersionCause(
                says=f"[tool.{table}] takes the version from git, and [build-system] does not require {plugin}",
                hint=f"Add {plugin} to `requires` of [build-system]{also}.",
                where=project.span_of_key("build-system", "requires") or project.span_of_text(f"[tool.{table}"),
            )
    return None


def is_derived(version: str) -> bool:
    """Whether a version looks as if it came from git: 0.1.dev3+g1a2b3c4. People write 1.0.dev or 1.0.dev0."""
    parsed = parse_version(version)
    return parsed is not None and (parsed.local is not None or bool(parsed.dev))


def names_commit(version: Version) -> bool:
    """Whether the local part is one that a tool makes of git: of a commit, or of files that were changed."""
    return version.local is not None and bool(_COMMIT.search(version.local) or _CHANGED.search(version.local))


def explain_derived(subject: Subject, found: Distribution) -> VersionCause:
    """What git looked like to the tool, by the version that it made of it: 0.1.dev3+g1a2b3c4.d20260102."""
    version, project = Version(found.version), subject.projects.get(found.project)
    tool = (project.git_tool if project else None) or "the build"
    if version.local and _CHANGED.search(version.local) and not version.dev:
        return _explain_changes(subject, tool)
    if version.release[:2] in {(0, 0), (0, 1)} and version.dev:
        seen = "no tag at all"
    elif version.dev:
        seen = f"an older tag only, {version.dev} commit{'s' if version.dev > 1 else ''} before"
    else:
        seen = "no tag at this commit"
    return VersionCause(
        says=f"{tool} saw {seen}",
        hint="Build the commit that has the tag; where that is done, give actions/checkout `fetch-depth: 0`, and check "
        "that the tag has the form that the build looks for.",
        where=subject.checkout,
    )


def _explain_changes(subject: Subject, tool: str) -> VersionCause:
    """The tracked files that were changed after the checkout, and the step that changed the first of them."""
    if not subject.changed:
        return VersionCause(
            says=f"{tool} saw the tag, and files that were changed after the checkout",
            hint="Let `git status --short` run before the build, and keep what it names out of git's sight "
            "(.gitignore).",
            where=None,
        )
    first, names = subject.changed[0], [change.path for change in subject.changed]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    if first.step:
        how = f"which {first.step} changed"
        hint = f"Build before {first.path} is changed, or bring it back before the build: git checkout -- {first.path}"
    else:
        how = "not as the commit has it"
        hint = (
            f"Let `git diff` run before the build: it shows how {first.path} differs. Where only the ends of its lines "
            "do (.gitattributes), commit what `git add --renormalize .` makes of it."
        )
    return VersionCause(
        says=f"{tool} saw the tag, and {', '.join(names[:_NAMED])}{more}, {how}", hint=hint, where=first.span
    )


def parse_version(version: str) -> Version | None:
    """The version of a text; None for one that is none."""
    try:
        return Version(version)
    except InvalidVersion:
        return None

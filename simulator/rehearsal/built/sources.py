"""Where in a repository the things stand that built files hold: the version, the README, a key of pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from packaging.utils import NormalizedName

from simulator.positions import Span
from simulator.rehearsal.built.model import Subject
from simulator.rehearsal.projects import Project, span_of_text
from simulator.rehearsal.tree import Tree

ASSIGNED: Final = re.compile(r"""^__version__\b[^=\n]*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
"""A version that a module says of itself."""
_ASSIGNED: Final = re.compile(r"""^(?:__version__|VERSION|version)\b[^=\n]*=\s*["'(]""", re.MULTILINE)
_IN_SETUP: Final = re.compile(r"""^\s*version\s*=\s*(?!attr:|file:)\S""", re.MULTILINE)
_READMES: Final = ("README.md", "README.rst", "README.txt", "README")


def version_span(subject: Subject, name: NormalizedName) -> Span | None:
    """Where a project's version is written; None for one that comes from git, and where it cannot be found."""
    project = subject.projects.get(name)
    if project is None or project.git_tool is not None:
        return None
    written = project.span_of_key("project", "version") or project.span_of_key("tool.poetry", "version")
    if written or subject.tree is None:
        return written
    return next(_assigned(project, subject.tree), None)


def _assigned(project: Project, tree: Tree) -> Iterator[Span]:
    """In the file that the build backend reads it from."""
    hatch = project.table("tool", "hatch", "version").get("path")
    attribute = str(project.table("tool", "setuptools", "dynamic", "version").get("attr", ""))
    module = (attribute.rpartition(".")[0] or project.name.replace("-", "_")).replace(".", "/")
    files = [hatch] if isinstance(hatch, str) else []
    files += [f"{folder}{module}{end}" for folder in ("", "src/") for end in ("/__init__.py", ".py")]
    for pattern, names in ((_ASSIGNED, files), (_IN_SETUP, ["setup.cfg", "setup.py"])):
        for name in names:
            path = f"{project.folder}{name}"
            text = (tree.read(path) or b"").decode(errors="replace")
            if match := pattern.search(text):
                yield Span(file=path, line=text.count("\n", 0, match.start()) + 1, column=1)


def key_span(subject: Subject, name: NormalizedName, key: str, *texts: str) -> Span | None:
    """Where a project's pyproject.toml (or its setup.cfg or setup.py) has one of the texts, else the key's value."""
    project = subject.projects.get(name)
    if project is None:
        return None
    found = next((place for text in texts if (place := project.span_of_text(text))), None)
    if found or subject.tree is None:
        return found or _key(project, key)
    for path in (f"{project.folder}setup.cfg", f"{project.folder}setup.py"):
        content = (subject.tree.read(path) or b"").decode(errors="replace")
        place = next((place for text in texts if (place := span_of_text(text, path, content))), None)
        if place:
            return place
    return _key(project, key)


def _key(project: Project, key: str) -> Span | None:
    return project.span_of_key("project", key) or project.span_of_key("tool.poetry", key)


def readme_of(subject: Subject, name: NormalizedName) -> tuple[str, str] | None:
    """The path and the text of a project's README; None where it cannot be found."""
    project, tree = subject.projects.get(name), subject.tree
    if project is None or tree is None:
        return None
    for path in (project.readme, *(f"{project.folder}{each}" for each in _READMES)):
        content = tree.read(path) if path else None
        if path and content is not None:
            return path, content.decode(errors="replace")
    return None

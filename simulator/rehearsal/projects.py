"""The projects of a repository, from its pyproject.toml files: their names, and where things are set in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.utils import NormalizedName, canonicalize_name

from simulator.planning.tools import publishing_facts
from simulator.positions import Span
from simulator.rehearsal.git_version import git_version
from simulator.rehearsal.tree import Tree
from simulator.toml_places import toml_places
from simulator.toml_reading import TomlError, parse_toml

Files = Iterable[tuple[str, bytes]]  # paths and contents of pyproject.toml files
_SETUP: Final = {
    "setup.cfg": re.compile(r"(?m)^name\s*=\s*(?P<name>[A-Za-z0-9][\w.-]*)(?P<variable>)\s*$"),
    "setup.py": re.compile(r"""\bname\s*=\s*(?:["'](?P<name>[A-Za-z0-9][\w.-]*)["']|(?P<variable>[A-Za-z_]\w*))"""),
}
_MOST_SETUPS: Final = 20  # files of setuptools that are read
_MOST: Final = 500  # files that are read
_MOST_TOGETHER: Final = 8 << 20  # bytes of them


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project: its normalised name, the path of its pyproject.toml, and what that says."""

    name: NormalizedName
    path: str
    text: str
    data: Mapping[str, Any]

    @property
    def folder(self) -> str:
        """Where it lies: the empty text at the root, else a path with a slash at its end."""
        return self.path.removesuffix("pyproject.toml")

    def table(self, *keys: str) -> Mapping[str, Any]:
        """The table that the keys lead to; an empty one where there is none."""
        found: Any = self.data
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def readme(self) -> str | None:
        """The path of its README in the repository, where the file says one."""
        given = self.table("project").get("readme") or self.table("tool", "poetry").get("readme")
        name = given.get("file") if isinstance(given, dict) else given
        return f"{self.folder}{name.removeprefix('./')}" if isinstance(name, str) else None

    @property
    def git_tool(self) -> str | None:
        """The build requirement that takes its version from git, if there is one."""
        return git_version(self.text.encode(), publishing_facts()["git_versions"])

    def span_of_key(self, table: str, key: str) -> Span | None:
        """Where a key of a table has its value."""
        place = toml_places(self.text).get((*table.split("."), key))
        return Span(file=self.path, line=place.line, column=place.value_column) if place else None

    def span_of_text(self, text: str) -> Span | None:
        """Where a text stands first."""
        return span_of_text(text, self.path, self.text)


def span_of_text(text: str, path: str, content: str) -> Span | None:
    """Where a text stands first in a file."""
    for number, line in enumerate(content.splitlines(), start=1):
        if (at := line.find(text)) >= 0:
            return Span(file=path, line=number, column=at + 1)
    return None


def pyproject_files(tree: Tree) -> Sequence[tuple[str, bytes]]:
    """The pyproject.toml files of a repository, those nearest to its root first, as many as pysim reads."""
    found: list[tuple[str, bytes]] = []
    left = _MOST_TOGETHER
    paths = (path for path in tree.paths() if path.rpartition("/")[2] == "pyproject.toml")
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:_MOST]:
        content = tree.read(path)
        if content is not None:
            found.append((path, content))
            left -= len(content)
        if left < 0:
            break
    return found


def projects_of(files: Files) -> Mapping[NormalizedName, Project]:
    """The projects by normalised name, the first of each; broken files are the build's to judge."""
    found: dict[NormalizedName, Project] = {}
    for project in _projects(files):
        found.setdefault(project.name, project)
    return found


def project_names(files: Files) -> tuple[NormalizedName, ...]:
    """The normalised `project.name` of each file that has one."""
    return tuple(dict.fromkeys(project.name for project in _projects(files)))


def setup_name(tree: Tree) -> NormalizedName | None:
    """The name in the setup.cfg or setup.py that is nearest to the root; None where none is written out."""
    paths = [path for path in tree.paths() if path.rpartition("/")[2] in _SETUP]
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:_MOST_SETUPS]:
        text = (tree.read(path) or b"")[:_MOST_TOGETHER].decode(errors="replace")
        found = _SETUP[path.rpartition("/")[2]].search(text)
        if found is not None and (name := found["name"] or _assigned(text, found["variable"])):
            return canonicalize_name(name)
    return None


def _assigned(text: str, variable: str) -> str | None:
    """The text that a module assigns to a variable."""
    found = re.search(rf"""(?m)^{re.escape(variable)}\s*(?::\s*\w+\s*)?=\s*["'](\w[\w.-]*)["']""", text)
    return found[1] if found else None


def _projects(files: Files) -> Iterator[Project]:
    for path, content in files:
        try:
            data = parse_toml(content)
            name = data.get("project", {}).get("name") or data.get("tool", {}).get("poetry", {}).get("name")
        except (TomlError, AttributeError):
            continue
        if isinstance(name, str):
            yield Project(name=canonicalize_name(name), path=path, text=content.decode(), data=data)

"""The projects of a repository, from its pyproject.toml files: their names, and where their versions are set."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from packaging.utils import NormalizedName, canonicalize_name

from simulator.positions import Span

Files = Iterable[tuple[str, bytes]]  # paths and contents of pyproject.toml files

_HEADER = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]")
_VERSION = re.compile(r"\s*version\s*=\s*")


def project_names(files: Files) -> tuple[NormalizedName, ...]:
    """The normalised `project.name` of each file that has one; broken files are the build's to judge."""
    return tuple(dict.fromkeys(name for _, _, name in _projects(files)))


def version_places(files: Files) -> Mapping[str, Span]:
    """Where each project sets its version; a project that derives it (`dynamic`) is not in it."""
    places: dict[str, Span] = {}
    for path, text, name in _projects(files):
        table = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                table = header[1]
            elif table == "project" and (found := _VERSION.match(line)):
                places.setdefault(name, Span(file=path, line=number, column=found.end() + 1))
    return places


def _projects(files: Files) -> Iterator[tuple[str, str, NormalizedName]]:
    for path, content in files:
        try:
            text = content.decode()
            name = tomllib.loads(text).get("project", {}).get("name")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
            continue
        if isinstance(name, str):
            yield path, text, canonicalize_name(name)

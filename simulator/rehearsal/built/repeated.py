"""A rule of what is in a wheel more than once, and of the table that packs it a second time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.findings import Severity
from simulator.positions import Span
from simulator.rehearsal.built.contents import some
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.projects import Project
from simulator.rehearsal.rule import rule
from simulator.toml_places import toml_places

_TABLES: Final = (
    ("tool", "hatch", "build", "targets", "wheel", "force-include"),
    ("tool", "hatch", "build", "force-include"),
)
"""Those that pack a path once more: sources, and the places that they are packed to."""
_ELSE: Final = (
    "Look for what packs it again: a table of the build backend that includes it beside the packages, or a step that "
    "adds files to the wheel behind the build."
)


@rule(
    "repeated-member",
    Severity.ERROR,
    summary="A wheel holds a file more than once.",
    why="PyPI refuses it, though `twine check` and pip do not mind.",
)
def repeated_member(subject: Subject) -> Iterator[Problem]:
    for found in subject.distributions:
        if found.repeated:
            table = _packed_by(subject.projects.get(found.project), found)
            yield Problem(
                message=f"{found.filename} holds {some(found.repeated)} more than once",
                where=table[1] if table else found.filename,
                would_show="Duplicate filename in",
                hint=f"Take {table[0]} out: the packages that the build collects have it already." if table else _ELSE,
            )


def _packed_by(project: Project | None, found: Distribution) -> tuple[str, Span] | None:
    """The line of a table that packs one of the files once more, and where it stands."""
    places = toml_places(project.text) if project else {}
    for keys in _TABLES if project else ():
        for source, target in project.table(*keys).items() if project else ():
            inside = str(target).strip("/")
            place = places.get((*keys, source))
            if place and project and any(name == inside or name.startswith(f"{inside}/") for name in found.repeated):
                span = Span(file=project.path, line=place.line, column=place.column)
                return f"`{source}` of [{'.'.join(keys)}]", span
    return None

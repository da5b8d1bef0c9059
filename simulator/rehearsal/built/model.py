"""What rules about built files judge, and what they find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Literal

from packaging.utils import NormalizedName

from simulator.findings import Severity
from simulator.positions import Span
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.projects import Project
from simulator.rehearsal.tree import Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class TestedPython:
    """A Python that a workflow sets up, as `3.12`, and where it says so; `matrix` marks one of several in a matrix."""

    version: str
    span: Span
    matrix: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Pythons:
    """The Pythons that the workflows set up; not `complete` when an expression or a tool hides some."""

    tested: Sequence[TestedPython] = ()
    complete: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedFile:
    """A tracked file that is other than in the commit, and where that happened, if it is known.

    `step` is one after the checkout; None also where the checkout itself wrote it so, as with other ends of lines.
    """

    path: str
    step: str | None = None
    span: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The files that are to be published together, and what is around them.

    `ref` is the name of the tag or branch that is released, if one is; `projects` are those of the repository by
    their normalised names; `excessive` are sdists that unpack to more than an index takes;
    `checkout` is where a workflow checks out too little history for a version from git; `changed` are the tracked files
    that its jobs changed.
    """

    distributions: Sequence[Distribution]
    excessive: Sequence[str] = ()
    ref: str | None = None
    ref_type: Literal["tag", "branch"] | None = None
    projects: Mapping[NormalizedName, Project] = field(default_factory=dict)
    tree: Tree | None = None
    pythons: Pythons = field(default_factory=Pythons)
    checkout: Span | None = None
    changed: Sequence[ChangedFile] = ()

    @property
    def tag(self) -> str | None:
        """The tag that is released."""
        return self.ref if self.ref_type == "tag" else None

    def by_project(self) -> Iterator[tuple[NormalizedName, Sequence[Distribution]]]:
        """The files of each project, those of one kind together."""
        key = attrgetter("project")
        for project, files in groupby(sorted(self.distributions, key=key), key=key):
            yield project, tuple(files)

    def wheels(self) -> Iterator[tuple[Distribution, Distribution | None]]:
        """A wheel of each project and version, and the sdist beside it."""
        key = attrgetter("project", "version")
        for _, group in groupby(sorted(self.distributions, key=key), key=key):
            files = list(group)
            sdist = next((file for file in files if file.kind == "sdist"), None)
            wheel = next((file for file in files if file.kind == "wheel"), None)
            if wheel is not None:
                yield wheel, sdist


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something wrong with files; `severity` None is the rule's own, `where` a place, or a file's name.

    `would_show` is a text of the real release's log, by which its failure is known again.
    """

    message: str
    hint: str
    where: Span | str
    severity: Severity | None = None
    would_show: str | None = None

"""What the indexes hold before a rehearsal. Reads and changes the kept index in `.pysim/` alone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, assert_never

from packaging.version import InvalidVersion, Version

from simulator.errors import UsageError
from simulator.indexes import TITLES, IndexName, indexes
from simulator.operations.kept_state import kept_state
from simulator.paths import temporary_folder
from simulator.remedies import Act, remedy
from simulator.triggers.repository import find_root
from simulator.twins.pypi.baseline import changing, open_copies
from simulator.twins.pypi.catalogue import Catalogue, Project, Release, Status
from simulator.twins.pypi.creation import NAME
from simulator.twins.pypi.described import describe
from simulator.twins.pypi.placeholders import add_release, file_names
from simulator.twins.pypi.simple import detail
from simulator.twins.pypi.store import Store

_ENDS: Final = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptIndex:
    """The kept state of one index of a repository; `repository` is a folder in it."""

    repository: Path
    index: IndexName = "pypi"

    @property
    def title(self) -> str:
        """As people know the index."""
        return TITLES[self.index]

    @contextlib.contextmanager
    def reading(self) -> Iterator[Catalogue]:
        """What it holds; makes no folder in the repository."""
        with temporary_folder("index") as folder:
            store = open_copies(kept_state(find_root(self.repository)).index, folder)[self.index]
            with store.reading() as catalogue:
                yield catalogue

    @contextlib.contextmanager
    def changing(self) -> Iterator[tuple[Store, Catalogue]]:
        """The same, to be changed: all of it, or nothing when it raises."""
        state = kept_state(find_root(self.repository))
        state.create()
        with changing(state.index) as stores, stores[self.index].transaction() as catalogue:
            yield stores[self.index], catalogue


# ---- what is known


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownProject:
    """A project that an index holds; `owner` is somebody else who has it, `status` a state other than active."""

    name: str
    versions: tuple[Version, ...]  # the newest first
    files: int
    owner: str | None
    status: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownIndex:
    """All that an index holds: projects, names that no project may have, and names that no file may have again."""

    projects: tuple[KnownProject, ...]
    prohibited: tuple[str, ...]
    burnt: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownProject:
    """A project as an installer sees it: the simple API's answer in JSON, and the version of each file by its name."""

    answer: Mapping[str, Any]
    versions: Mapping[str, str]
    owner: str | None


def known_index(kept: KeptIndex) -> KnownIndex:
    """What an index holds."""
    with kept.reading() as catalogue:
        return KnownIndex(
            projects=tuple(_known(catalogue, project) for project in catalogue.projects()),
            prohibited=tuple(catalogue.prohibited()),
            burnt=tuple(catalogue.burnt()),
        )


def _known(catalogue: Catalogue, project: Project) -> KnownProject:
    status = catalogue.status(project)
    return KnownProject(
        name=project.name,
        versions=tuple(sorted((Version(each.version) for each in catalogue.releases(project.name)), reverse=True)),
        files=len(catalogue.files(project.name)),
        owner=catalogue.owner(project.name),
        status=str(status) if status else None,
    )


def shown_project(kept: KeptIndex, project: str) -> ShownProject:
    """What an installer would see of a project. Raises UsageError when it is not there."""
    with kept.reading() as catalogue:
        known = _project(catalogue, kept, project)
        return ShownProject(
            answer=detail(describe(catalogue, indexes()[kept.index], known)),
            versions={file.filename: file.version for file in catalogue.files(known.name)},
            owner=catalogue.owner(known.name),
        )


# ---- the changes


@dataclass(frozen=True, kw_only=True, slots=True)
class AddProject:
    """Let a project be there, with an sdist and a wheel of each version; `created` in seconds since the epoch."""

    project: str
    versions: tuple[str, ...] = ()
    owner: str | None = None
    created: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class YankRelease:
    """Yank a version, or take that back."""

    project: str
    version: str
    reason: str = ""
    undo: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteFiles:
    """Delete a project, or a version or a file of it."""

    project: str
    what: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveProject:
    """Archive a project, or take that back."""

    project: str
    undo: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineProject:
    """Put a project into quarantine, or take that back."""

    project: str
    undo: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ProhibitName:
    """Keep new projects from a name, or let them have it."""

    project: str
    undo: bool = False


IndexChange = AddProject | YankRelease | DeleteFiles | ArchiveProject | QuarantineProject | ProhibitName


def change_index(kept: KeptIndex, change: IndexChange) -> tuple[str, ...]:
    """Change a kept index; what was done, in sentences. Raises UsageError, and then nothing is changed."""
    require_project_name(change.project)
    with kept.changing() as (store, catalogue):
        return tuple(_changed(kept, store, catalogue, change))


def require_project_name(project: str) -> None:
    """Raise UsageError for what cannot be the name of a project."""
    if not NAME.fullmatch(project):
        raise UsageError(f"{project!r} is no name of a project.", hint="Letters, digits, '.', '-' and '_'.")


def _changed(kept: KeptIndex, store: Store, catalogue: Catalogue, change: IndexChange) -> Iterator[str]:
    match change:
        case AddProject():
            return _add(kept, store, catalogue, change)
        case YankRelease():
            return _yank(kept, catalogue, change)
        case DeleteFiles():
            return _delete(kept, catalogue, change)
        case ArchiveProject():
            return iter([_set_status(kept, catalogue, change, Status.ARCHIVED)])
        case QuarantineProject():
            return iter([_set_status(kept, catalogue, change, Status.QUARANTINED)])
        case ProhibitName():
            return iter([_prohibit(catalogue, change)])
        case _:
            assert_never(change)


def _add(kept: KeptIndex, store: Store, catalogue: Catalogue, change: AddProject) -> Iterator[str]:
    known = catalogue.project(change.project)
    added = known or catalogue.add_project(change.project)
    if change.owner is not None or known is None:
        catalogue.set_owner(added, change.owner)
    there = {release.version for release in catalogue.releases(added.name)}
    yield f"{added.name} is on {kept.title}{f', and {change.owner} has it' if change.owner else ''}."
    for version in map(_version, change.versions):
        if str(version) in there:
            yield f"{version} was there already."
        else:
            created = time.time() if change.created is None else change.created
            add_release(store, catalogue, added, version, created)
            yield f"{version} is there: {', '.join(file_names(added.name, version).values())}."


def _yank(kept: KeptIndex, catalogue: Catalogue, change: YankRelease) -> Iterator[str]:
    known = _project(catalogue, kept, change.project)
    release = _release(catalogue, known, change.version)
    if release is None:
        raise UsageError(
            f"{known.name} has no version {change.version}.",
            hint="Name one that it has.",
            remedies=(remedy(Act.SHOW_PROJECT, known.name, index=_named(kept)),),
        )
    if change.undo:
        catalogue.unyank(release)
    else:
        catalogue.yank(release, change.reason)
    yield f"{known.name} {release.version} is {'no longer ' if change.undo else ''}yanked."


def _delete(kept: KeptIndex, catalogue: Catalogue, change: DeleteFiles) -> Iterator[str]:
    """One that is not known here was deleted before anybody looked."""
    project, what = change.project, change.what
    known = catalogue.project(project)
    if what is None:
        names = catalogue.remove_project(_project(catalogue, kept, project))
        yield f"{project} is deleted: the project's name is free, the names of its files are not."
    elif what.endswith(_ENDS):
        names = [_delete_file(kept, catalogue, known, what)]
        yield f"{what} is deleted."
    else:
        release = _release(catalogue, known, what) if known else None
        if release is not None:
            names = catalogue.remove_release(release)
        else:
            names = list(file_names(project, _version(what)).values())
            for name in names:
                catalogue.burn(name)
        yield f"{project} {what} is deleted{'' if release else ', before anything of it was known here'}."
    if names:
        yield f"No file may be named {' or '.join(names)} again."


def _delete_file(kept: KeptIndex, catalogue: Catalogue, known: Project | None, name: str) -> str:
    file = catalogue.file(name)
    if file is not None and (known is None or file.project != known.name):
        raise UsageError(
            f"{name} is a file of {file.project}.",
            hint=f"Delete it of {file.project}.",
            remedies=(remedy(Act.DELETE_FILES, f"{file.project} {name}", index=_named(kept)),),
        )
    catalogue.remove_file(name)
    return name


def _set_status(
    kept: KeptIndex, catalogue: Catalogue, change: ArchiveProject | QuarantineProject, status: Status
) -> str:
    project = _project(catalogue, kept, change.project)
    if not change.undo:
        catalogue.set_status(project, status)
    elif catalogue.status(project) is status:
        catalogue.set_status(project, None)
    return f"{project.name} is {'no longer ' if change.undo else ''}{status} on {kept.title}."


def _prohibit(catalogue: Catalogue, change: ProhibitName) -> str:
    if change.undo:
        catalogue.allow(change.project)
    else:
        catalogue.prohibit(change.project)
    return f"A new project may {'' if change.undo else 'not '}be named {change.project}."


# ---- what is there


def _project(catalogue: Catalogue, kept: KeptIndex, name: str) -> Project:
    if (project := catalogue.project(name)) is None:
        acts = (Act.IMPORT_PROJECT, Act.ADD_PROJECT)
        raise UsageError(
            f"Nothing is known of {name} on {kept.title} here.",
            hint="Take it over from the real index, or declare it.",
            remedies=tuple(remedy(act, name, index=_named(kept)) for act in acts),
        )
    return project


def _named(kept: KeptIndex) -> IndexName | None:
    return None if kept.index == "pypi" else kept.index


def _release(catalogue: Catalogue, project: Project, version: str) -> Release | None:
    wanted = str(_version(version))
    return next((each for each in catalogue.releases(project.name) if each.version == wanted), None)


def _version(text: str) -> Version:
    try:
        version = Version(text)
    except InvalidVersion:
        raise UsageError(f"{text!r} is no version.", hint="Such as 1.0 or 2.1rc1 (PEP 440).") from None
    if version.local:
        raise UsageError(f"{text!r} is a local version, which no index takes.", hint=f"Such as {version.public}.")
    return version

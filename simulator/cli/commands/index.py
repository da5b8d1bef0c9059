"""`pysim index`: what the indexes hold before a rehearsal. Changes the kept index in `.pysim/` alone."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from simulator.errors import ExitCode, UsageError
from simulator.indexes import TITLES, IndexName, indexes
from simulator.paths import StateFolder, temporary_folder
from simulator.report.words import plural, size, without_escapes
from simulator.triggers.repository import find_root
from simulator.twins.pypi.baseline import changing, open_copies
from simulator.twins.pypi.catalogue import Catalogue, Project, Release, Status
from simulator.twins.pypi.creation import NAME
from simulator.twins.pypi.described import describe
from simulator.twins.pypi.placeholders import add_release, file_names
from simulator.twins.pypi.simple import detail
from simulator.twins.pypi.store import Store

Say = Callable[[str], None]
_ENDS: Final = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, slots=True)
class Place:
    """The index of a repository."""

    directory: Path
    index: IndexName

    @property
    def title(self) -> str:
        """As people know it."""
        return TITLES[self.index]

    @contextlib.contextmanager
    def reading(self) -> Iterator[Catalogue]:
        """What it holds; makes no folder in the repository."""
        with temporary_folder("index") as folder:
            store = open_copies(StateFolder(find_root(self.directory)).index, folder)[self.index]
            with store.reading() as catalogue:
                yield catalogue

    @contextlib.contextmanager
    def changing(self) -> Iterator[tuple[Store, Catalogue]]:
        """The same, to be changed: all of it, or nothing when it raises."""
        state = StateFolder(find_root(self.directory))
        state.create()
        with changing(state.index) as stores, stores[self.index].transaction() as catalogue:
            yield stores[self.index], catalogue


def show_all(place: Place, say: Say) -> ExitCode:
    """Say what an index holds, a line a project."""
    with place.reading() as catalogue:
        lines = [_line(catalogue, project) for project in catalogue.projects()]
        lines += [f"{name}: no project may have this name" for name in catalogue.prohibited()]
        lines += [f"{name}: deleted once, so no file may have this name" for name in catalogue.burnt()]
    for line in lines:
        say(without_escapes(line))
    if not lines:
        say(f"Nothing is known of {place.title} here; `pysim index import NAME` takes a project over.")
    return ExitCode.GO


def show(place: Place, say: Say, *, project: str, as_json: bool) -> ExitCode:
    """Say what an installer would see of a project. Raises UsageError when it is not there."""
    with place.reading() as catalogue:
        known = _project(catalogue, place, project)
        found = detail(describe(catalogue, indexes()[place.index], known))
        versions = {file.filename: file.version for file in catalogue.files(known.name)}
        owner = catalogue.owner(known.name)
    if as_json:
        say(json.dumps(found, indent=2))
        return ExitCode.GO
    whose = f", {owner}'s" if owner else ""
    say(without_escapes(f"{found['name']} on {place.title}: {found['project-status']['status']}{whose}"))
    for version in reversed(found["versions"]):
        files = [file for file in found["files"] if versions[file["filename"]] == version]
        reason = files[0]["yanked"]
        yanked = f", yanked: {reason}" if isinstance(reason, str) else ", yanked" if reason else ""
        say(without_escapes(f"  {version}{yanked}"))
        for file in files:
            needs = f", Python {file['requires-python']}" if file["requires-python"] else ""
            say(without_escapes(f"    {file['filename']}  {size(file['size'])}, {file['upload-time'][:10]}{needs}"))
    if not found["files"]:
        say("  no file")
    return ExitCode.GO


def change(place: Place, how: Callable[..., Iterator[str]], say: Say, **words: Any) -> ExitCode:
    """Change the kept index, and say what was done. Raises UsageError."""
    if not NAME.fullmatch(words["project"]):
        raise UsageError(f"{words['project']!r} is no name of a project.", hint="Letters, digits, '.', '-' and '_'.")
    with place.changing() as (store, catalogue):
        said = list(how(place, store, catalogue, **words))
    for line in said:
        say(without_escapes(line))
    return ExitCode.GO


# ---- the changes: each says what it did


def add(
    place: Place,
    store: Store,
    catalogue: Catalogue,
    *,
    project: str,
    versions: Sequence[str],
    owner: str | None,
    created: float | None,
) -> Iterator[str]:
    """Let a project be there, with files of each version."""
    known = catalogue.project(project)
    added = known or catalogue.add_project(project)
    if owner is not None or known is None:
        catalogue.set_owner(added, owner)
    there = {release.version for release in catalogue.releases(added.name)}
    yield f"{added.name} is on {place.title}{f', and {owner} has it' if owner else ''}."
    for version in map(_version, versions):
        if str(version) in there:
            yield f"{version} was there already."
        else:
            add_release(store, catalogue, added, version, time.time() if created is None else created)
            yield f"{version} is there: {', '.join(file_names(added.name, version).values())}."


def yank(
    place: Place, _store: Store, catalogue: Catalogue, *, project: str, version: str, reason: str, undo: bool
) -> Iterator[str]:
    """Yank a release, or take that back."""
    known = _project(catalogue, place, project)
    release = _release(catalogue, known, version)
    if release is None:
        raise UsageError(f"{known.name} has no version {version}.", hint=f"`pysim index show {known.name}` lists them.")
    if undo:
        catalogue.unyank(release)
    else:
        catalogue.yank(release, reason)
    yield f"{known.name} {release.version} is {'no longer ' if undo else ''}yanked."


def delete(place: Place, _store: Store, catalogue: Catalogue, *, project: str, what: str | None) -> Iterator[str]:
    """Delete a project, a version or a file. One that is not known here was deleted before anybody looked."""
    known = catalogue.project(project)
    if what is None:
        names = catalogue.remove_project(_project(catalogue, place, project))
        yield f"{project} is deleted: the project's name is free, the names of its files are not."
    elif what.endswith(_ENDS):
        file = catalogue.file(what)
        names = [what]
        if file is not None and (known is None or file.project != known.name):
            raise UsageError(f"{what} is a file of {file.project}.", hint=f"pysim index delete {file.project} {what}")
        catalogue.remove_file(what)
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


def archive(place: Place, _store: Store, catalogue: Catalogue, *, project: str, undo: bool) -> Iterator[str]:
    """Archive a project, or take that back."""
    yield _set_status(place, catalogue, project, Status.ARCHIVED, undo=undo)


def quarantine(place: Place, _store: Store, catalogue: Catalogue, *, project: str, undo: bool) -> Iterator[str]:
    """Put a project into quarantine, or take that back."""
    yield _set_status(place, catalogue, project, Status.QUARANTINED, undo=undo)


def prohibit(_place: Place, _store: Store, catalogue: Catalogue, *, project: str, undo: bool) -> Iterator[str]:
    """Keep new projects from a name, or let them have it."""
    if undo:
        catalogue.allow(project)
    else:
        catalogue.prohibit(project)
    yield f"A new project may {'' if undo else 'not '}be named {project}."


CHANGES: Final[Mapping[str, Callable[..., Iterator[str]]]] = {
    "add": add,
    "yank": yank,
    "delete": delete,
    "archive": archive,
    "quarantine": quarantine,
    "prohibit": prohibit,
}


def _set_status(place: Place, catalogue: Catalogue, name: str, status: Status, *, undo: bool) -> str:
    project = _project(catalogue, place, name)
    if not undo:
        catalogue.set_status(project, status)
    elif catalogue.status(project) is status:
        catalogue.set_status(project, None)
    return f"{project.name} is {'no longer ' if undo else ''}{status} on {place.title}."


def _project(catalogue: Catalogue, place: Place, name: str) -> Project:
    if (project := catalogue.project(name)) is None:
        hint = f"`pysim index import {name}` takes it over, `pysim index add {name}` declares it."
        raise UsageError(f"Nothing is known of {name} on {place.title} here.", hint=hint)
    return project


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


def _line(catalogue: Catalogue, project: Project) -> str:
    releases = sorted((Version(each.version) for each in catalogue.releases(project.name)), reverse=True)
    newest = f", {releases[0]} the newest" if releases else ""
    notes = [f"{owner}'s"] if (owner := catalogue.owner(project.name)) else []
    notes += [str(status)] if (status := catalogue.status(project)) else []
    files = plural(len(catalogue.files(project.name)), "file")
    return f"{project.name}: {plural(len(releases), 'release')}{newest}, {files}{''.join(f', {x}' for x in notes)}"

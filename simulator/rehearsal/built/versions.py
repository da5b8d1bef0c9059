"""Rules of versions: the tag's, the files', and those that are none for an index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from simulator.findings import Finding, Severity
from simulator.positions import Span
from simulator.rehearsal.built.derived import (
    VersionCause,
    explain_derived,
    idle_plugin,
    is_derived,
    names_commit,
    parse_version,
)
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.built.sources import ASSIGNED, version_span
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.projects import span_of_text
from simulator.rehearsal.rule import rule

_STOPS: Final = {
    "version-mismatch": "the version that was built is not the one that the tag names",
    "several-versions": "several versions were built",
    "excessive-archive": "a file unpacks to more than PyPI takes",
}
_SEPARATOR: Final = re.compile(r"[-_/@]")
_REFUSED_LOCAL: Final = (
    "The use of local versions in '{}' is not allowed. See https://packaging.python.org/en/latest/specifications/"
    "version-specifiers/#local-version-identifiers for more information."
)
_SAYING: Final = ("__init__.py", "__about__.py", "__version__.py", "_version.py", "version.py")


def tag_version(tag: str) -> Version | None:
    """The version that a tag names: `v1.0.0-alpha` is 1.0.0a0, `pkg-v1.2` is 1.2; None when it names none."""
    return next((version for _, version in _readings(tag)), None)


def _readings(tag: str) -> Iterator[tuple[str, Version]]:
    """Every way to read a tag as a prefix (with a letter in it) and a version, the shortest prefix first."""
    starts = [0, *(match.end() for match in _SEPARATOR.finditer(tag))]
    for start in starts:
        prefix, text = tag[:start].rstrip("-_/@"), tag[start:]
        if start and not re.search(r"[A-Za-z]", prefix):
            continue
        try:
            yield prefix, Version(re.sub(r"^[vV](?=\d)", "", text))
        except InvalidVersion:
            continue


def _expected(subject: Subject) -> tuple[str | None, Version | None]:
    """The project that the tag's prefix names, if it names one of those that were built, and the tag's version."""
    prefix, version = next(_readings(subject.tag), ("", None)) if subject.tag else ("", None)
    name = canonicalize_name(prefix)
    return name if any(found.project == name for found in subject.distributions) else None, version


@rule(
    "version-mismatch",
    Severity.ERROR,
    summary="The tag names a version that no file of the project has (a warning where another project has it).",
    why="The release would be published under another version than the tag's; the job that publishes is not run.",
)
def version_mismatch(subject: Subject) -> Iterator[Problem]:
    """No file of a project carries the tag's version.

    A tag with a project's name in front, as `pkg-v1.2`, speaks of that one alone. Where another project carries the
    version, the tag may be that one's.
    """
    named, expected = _expected(subject)
    if expected is None:
        return
    agreed = any(_agrees(found, expected) for found in subject.distributions)
    for project, files in subject.by_project():
        if named not in {None, project} or any(_agrees(file, expected) for file in files):
            continue
        yield _mismatch(subject, expected, files[0], mild=agreed)


def _mismatch(subject: Subject, expected: Version, found: Distribution, *, mild: bool) -> Problem:
    place = version_span(subject, found.project)
    derived = place is None and is_derived(found.version)
    explained = explain_derived(subject, found) if derived else None if mild else _idle(subject, found)
    hint = _of_another(found) if mild else explained.hint if explained else _hint(str(subject.tag), expected, found)
    return Problem(
        message=f"The tag {subject.tag} says version {expected}, but {found.project} was built as {found.version}"
        + (f": {explained.says}" if explained else ""),
        where=(explained and explained.where) or place or found.filename,
        would_show=_shown(subject, found),
        hint=hint,
        severity=Severity.WARNING if mild else None,
    )


def _idle(subject: Subject, found: Distribution) -> VersionCause | None:
    """The plugin that would have put a version in the place of 0.0.0, and is not required."""
    project, version = subject.projects.get(found.project), parse_version(found.version)
    return idle_plugin(project) if project and version and not any(version.release) else None


def _shown(subject: Subject, found: Distribution) -> str:
    if _is_local(found.version):
        return _REFUSED_LOCAL.format(found.version)
    return f"{found.project} {found.version} on the index, under the tag {subject.tag}."


def _of_another(found: Distribution) -> str:
    return (
        f"Keep {found.project} out of this release, or name the project in the tag: {found.project}-v{found.version}."
    )


def _hint(tag: str, expected: Version, found: Distribution) -> str:
    other = found.version.join(tag.rsplit(str(expected), 1)) if str(expected) in tag else f"v{found.version}"
    parsed = parse_version(found.version)
    instead = "" if parsed is None or parsed.is_devrelease else f", or tag {other}"
    return f"Set the version of {found.project} to {expected} and commit it{instead}."


def stops(finding: Finding) -> str | None:
    """Why a publishing job must not run for a finding: an index takes what was not meant, or unpacks without end."""
    wrong = finding.severity is Severity.ERROR and not _is_refused(finding)
    return _STOPS.get(finding.code) if wrong else None


def _is_refused(finding: Finding) -> bool:
    """Whether an index refuses the version anyhow, as a local one."""
    return (finding.would_show or "").startswith(_REFUSED_LOCAL.partition("{")[0])


@rule(
    "tag-project",
    Severity.WARNING,
    summary="The tag names a project that was not built (a notice where others were built beside it).",
    why="A release of one project publishes another.",
)
def tag_project(subject: Subject) -> Iterator[Problem]:
    """The tag has the name of one of several projects in front, and others were built, beside it or alone."""
    prefix, expected = next(_readings(subject.tag), ("", None)) if subject.tag else ("", None)
    name, built = canonicalize_name(prefix), {found.project: found for found in subject.distributions}
    others = [found for project, found in built.items() if project != name]
    if expected is None or not others or name not in {*subject.projects, *built}:
        return
    listed = ", ".join(f"{found.project} {found.version}" for found in others)
    yield Problem(
        message=f"The tag {subject.tag} names {name}, and {listed} "
        + ("would be published beside it" if name in built else "was built in its place"),
        where=others[0].filename,
        hint="Build and publish the one project that the tag names; --package and working-directory do so.",
        severity=Severity.NOTICE if name in built else None,
    )


@rule(
    "several-versions",
    Severity.WARNING,
    summary="Files of another version lie beside those of the newest (an error where the tag says which is meant).",
    why="They are left from an older build, and would be published or refused with the others.",
)
def several_versions(subject: Subject) -> Iterator[Problem]:
    _, expected = _expected(subject)
    for project, files in subject.by_project():
        versions = {_public(file.version) for file in files}
        if len(versions) < 2 or None in versions:
            continue
        newest = expected if expected in versions else max(version for version in versions if version)
        stale = [file.filename for file in files if _public(file.version) != newest]
        yield Problem(
            message=f"Beside {project} {newest} there are files of another version, which would be published too: "
            f"{', '.join(stale)}",
            where=stale[0],
            hint="Empty the folder before the build, and do not commit it; one release has one version.",
            severity=Severity.ERROR if expected in versions else None,
        )


@rule(
    "local-version",
    Severity.ERROR,
    summary="The version has a part after a `+`; the cause is named where setuptools-scm or the like made it.",
    why="Indexes refuse local versions.",
)
def local_version(subject: Subject) -> Iterator[Problem]:
    """A version has a part after a +, which no index takes; `version-mismatch` speaks of one that is not the tag's."""
    named, expected = _expected(subject)
    for project, files in subject.by_project():
        found = next((file for file in files if _is_local(file.version)), None)
        judged = expected is not None and named in {None, project}
        if found is None or (expected and judged and not any(_agrees(file, expected) for file in files)):
            continue
        version = Version(found.version)
        explained = explain_derived(subject, found) if names_commit(version) else None
        yield Problem(
            message=f"{project} was built as {found.version}, and no index takes a version with a part after the +"
            + (f": {explained.says}" if explained else ""),
            where=version_span(subject, project) or (explained and explained.where) or found.filename,
            would_show=_REFUSED_LOCAL.format(found.version),
            hint=explained.hint if explained else f"Publish {version.public}: leave out what stands after the +.",
        )


@rule(
    "dev-version",
    Severity.WARNING,
    summary="The version is a development version, and no tag names it (a notice for a branch).",
    why="pip does not take it unless it is asked for pre-releases.",
)
def dev_version(subject: Subject) -> Iterator[Problem]:
    _, expected = _expected(subject)
    if expected is not None:
        return
    for project, files in subject.by_project():
        version = parse_version(files[0].version)
        if version is None or not version.is_devrelease or version.local:
            continue
        yield Problem(
            message=f"{project} {version} is a development version: pip takes it only with --pre, or by its number",
            where=version_span(subject, project) or files[0].filename,
            hint="Release a version without .dev; nothing to do for a nightly build.",
            severity=Severity.NOTICE if subject.ref_type == "branch" else None,
        )


@rule(
    "version-attribute",
    Severity.WARNING,
    summary="The package says another `__version__` than its metadata.",
    why="One of the two places was forgotten when the version was raised.",
)
def version_attribute(subject: Subject) -> Iterator[Problem]:
    for wheel, _ in subject.wheels():
        version, package = parse_version(wheel.version), wheel.project.replace("-", "_")
        names = [name for name in _SAYING if f"{package}/{name}" in wheel.members]
        contents = wheel.read([f"{package}/{name}" for name in names])
        for path, content in contents.items():
            found = ASSIGNED.search(content.decode(errors="replace"))
            said = parse_version(found[1]) if found else None
            if found and said and version and said.base_version != version.base_version:
                yield Problem(
                    message=f'{path} says __version__ = "{found[1]}", and the wheel is {wheel.project} {wheel.version}',
                    where=_in_sources(subject, path, found[0]) or wheel.filename,
                    hint="Write the version once, and let the build or importlib.metadata find it there.",
                )
                break


def _in_sources(subject: Subject, path: str, text: str) -> Span | None:
    """Where the repository has a text in a module of that path in the wheel."""
    tree = subject.tree
    paths = [each for each in tree.paths() if f"/{each}".endswith(f"/{path}")] if tree else []
    contents = {each: (tree.read(each) or b"").decode(errors="replace") for each in paths} if tree else {}
    return next((place for each, content in contents.items() if (place := span_of_text(text, each, content))), None)


@rule(
    "name-mismatch",
    Severity.ERROR,
    summary="A file's name has another project or version than its metadata.",
    why="The file was renamed after the build, and indexes refuse it.",
)
def name_mismatch(subject: Subject) -> Iterator[Problem]:
    told: set[str] = set()
    for found in sorted(subject.distributions, key=attrgetter("kind"), reverse=True):  # wheels are uploaded first
        said, version = _in_name(found.filename), parse_version(found.version)
        if said is None or version is None or said == (found.project, version) or found.project in told:
            continue
        told.add(found.project)
        shown = _refused_name(found, said[0], version, said[1])
        yield Problem(
            message=f"{found.filename} holds {found.project} {found.version} by its own metadata",
            where=found.filename,
            would_show=shown,
            hint="Publish the file under the name that the build gave it: build again instead of renaming.",
        )


def _in_name(filename: str) -> tuple[str, Version] | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[:2]
        return parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None  # the index says it


def _refused_name(found: Distribution, name: str, version: Version, said: Version) -> str:
    start = found.project.replace("-", "_")
    if name != found.project:
        return f"Start filename for {found.metadata.get('name', found.project)!r} with {start!r}."
    if found.kind == "wheel":
        return f"Version in filename should be {str(version)!r} not {str(said)!r}."
    return f"Filename {found.filename!r} is invalid, should be {f'{start}-{version}.tar.gz'!r}."


def _is_local(version: str) -> bool:
    parsed = parse_version(version)
    return parsed is not None and parsed.local is not None


def _agrees(found: Distribution, expected: Version) -> bool:
    """Whether a file has the version, but for a local part: that is a matter of its own."""
    return expected in {parse_version(found.version), _public(found.version)}


def _public(version: str) -> Version | None:
    """The version without its local part."""
    parsed = parse_version(version)
    return Version(parsed.public) if parsed and parsed.local else parsed

"""Rules of the set of files: what is missing beside the others, and what there is one too many of."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from packaging.utils import NormalizedName

from simulator.findings import Severity
from simulator.rehearsal.built.model import Problem, Subject
from simulator.rehearsal.distributions import Distribution
from simulator.rehearsal.rule import rule


def _releases(subject: Subject) -> Iterator[tuple[NormalizedName, str, Sequence[Distribution]]]:
    """The files of each project that has one version; of several, `several-versions` speaks."""
    for project, files in subject.by_project():
        if len({file.version for file in files}) == 1:
            yield project, files[0].version, files


@rule(
    "missing-sdist",
    Severity.WARNING,
    summary="A version has wheels and no sdist.",
    why="Whoever no wheel fits, and every distributor, has nothing to build from.",
)
def missing_sdist(subject: Subject) -> Iterator[Problem]:
    for project, version, files in _releases(subject):
        if all(file.kind == "wheel" for file in files):
            pure = all(file.filename.endswith("-none-any.whl") for file in files)
            lost = "distributors and --no-binary installs" if pure else "users of any other platform or Python"
            yield Problem(
                message=f"{project} {version} has no sdist beside its {'wheel' if len(files) == 1 else 'wheels'}: "
                f"{lost} have nothing to build from",
                where=files[0].filename,
                hint="Build both (python -m build, uv build), in one job alone.",
            )


@rule(
    "missing-wheel",
    Severity.WARNING,
    summary="A version has an sdist and no wheel.",
    why="Every install has to build, with the build backend's newest version.",
)
def missing_wheel(subject: Subject) -> Iterator[Problem]:
    for project, version, files in _releases(subject):
        if all(file.kind == "sdist" for file in files):
            yield Problem(
                message=f"{project} {version} has no wheel beside its sdist: everybody who installs it builds it",
                where=files[0].filename,
                hint="Build both: python -m build, or uv build, without --sdist.",
            )


@rule(
    "metadata-differs",
    Severity.WARNING,
    summary="Files of one version require different Pythons (a notice where wheels require different projects).",
    why="PyPI shows what the first file says, and resolvers take what one file requires for all.",
)
def metadata_differs(subject: Subject) -> Iterator[Problem]:
    for project, version, files in _releases(subject):
        pythons = {str(file.metadata.get("requires_python") or "any") for file in files if _is_fixed(file)}
        wheels = [file for file in files if file.kind == "wheel"]
        required = {frozenset(file.metadata.get("requires_dist", ())) for file in wheels}
        if len(pythons) > 1:
            yield Problem(
                message=f"Files of {project} {version} require different Pythons: {'; '.join(sorted(pythons))}",
                where=files[0].filename,
                hint="Build all files from one commit, with one requires-python.",
            )
        if len(required) > 1:
            differing = sorted(frozenset.union(*required) - frozenset.intersection(*required))
            yield Problem(
                message=f"Wheels of {project} {version} do not all require {differing[0]}: installers take what one of "
                "them requires for all",
                where=wheels[0].filename,
                hint="Write the condition into the requirement, as in `x; sys_platform == 'win32'`.",
                severity=Severity.NOTICE,
            )


def _is_fixed(found: Distribution) -> bool:
    """Whether a file's required Python is the last word: in an sdist, from Metadata 2.2 on, unless it is dynamic."""
    version = found.metadata.get("metadata_version", "")
    old = version in {"1.0", "1.1", "1.2", "2.0", "2.1"}
    return found.kind == "wheel" or not (old or "requires-python" in found.metadata.get("dynamic", ()))


@rule(
    "file-twice",
    Severity.WARNING,
    summary="Two artifacts hold files of one name and other content.",
    why="When they are downloaded into one folder, one overwrites the other.",
)
def file_twice(subject: Subject) -> Iterator[Problem]:
    names = Counter(found.filename for found in subject.distributions)
    for name, count in names.items():
        same = [found for found in subject.distributions if found.filename == name] if count > 1 else []
        if len(set(map(_digest, same))) > 1:
            yield Problem(
                message=f"{name} was built {count} times and differs: the last one that is downloaded wins",
                where=name,
                hint="Build it once: the sdist, and a wheel for any platform, in one job and not in a matrix.",
            )


@rule(
    "several-sdists",
    Severity.ERROR,
    summary="A version has sdists of different names.",
    why="An index takes one sdist a release.",
)
def several_sdists(subject: Subject) -> Iterator[Problem]:
    for project, version, files in _releases(subject):
        names = list(dict.fromkeys(file.filename for file in files if file.kind == "sdist"))
        if len(names) > 1:
            yield Problem(
                message=f"{project} {version} has {len(names)} sdists: {', '.join(names)}",
                where=names[0],
                would_show="Only one sdist may be uploaded per release.",
                hint="Build the sdist once, in one job, and empty the folder before the build.",
            )


def _digest(found: Distribution) -> bytes:
    with found.open() as file:
        return hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # it is a binary file

"""The distributions inside a run's artifacts or a folder: what the files themselves say. Judges nothing."""

from __future__ import annotations

import configparser
import csv
import gzip
import io
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Literal

from packaging.metadata import RawMetadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from simulator.archives import (
    BROKEN,
    CHUNK,
    MEMBERS,
    RATIO,
    TooMuchError,
    open_tar,
    open_zip,
    read_tar_member,
    tar_members,
)
from simulator.bounded.work import parse_fields
from simulator.toml_reading import TomlError, parse_toml
from simulator.twins.base import StoredArtifact

_BROKEN: Final = (*BROKEN, TooMuchError, csv.Error, KeyError, StopIteration, ValueError)
_DATA: Final = re.compile(r"[^/]+\.data/(purelib|platlib)/")
_LARGEST: Final = 16 << 20  # bytes of a member that is read
_LARGEST_POINTS: Final = 1 << 20  # bytes of entry points
_TOGETHER: Final = 64 << 20  # bytes of the members that are read at once
_UNPACKED: Final = 1 << 30  # bytes of an sdist
_LARGEST_FILE: Final = 4 << 30  # bytes of a file in an artifact
_LONGEST_NAME: Final = 255  # bytes of a file's name
_STARTS: Final = {".whl": b"PK", ".tar.gz": b"\x1f\x8b"}  # ZIP (APPNOTE 4.3) and gzip (RFC 1952)
_PARTS: Final = ("METADATA", "entry_points.txt", "RECORD")
EntryPoints = Mapping[str, Mapping[str, str]]  # by group, then by name


Open = Callable[[], BinaryIO]  # a file from its start, that can be sought in


def _nothing() -> BinaryIO:
    return io.BytesIO()


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A wheel or sdist; `version` is as its metadata has it, `scripts` are its console scripts as far as it tells.

    `members` are the names of its files as the archive has them, with their sizes, `repeated` those that it has more
    than once; `record` are those that RECORD lists.
    `open` gives the whole file.
    """

    filename: str
    kind: Literal["wheel", "sdist"]
    project: NormalizedName
    version: str
    scripts: tuple[str, ...] = ()
    metadata: RawMetadata = field(default_factory=RawMetadata)
    members: Mapping[str, int] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    entry_points: EntryPoints = field(default_factory=dict)
    record: tuple[str, ...] | None = None
    open: Open = field(default=_nothing, compare=False, repr=False)

    @property
    def files(self) -> Mapping[str, str]:
        """The members by their path in the sdist's one folder, or where a wheel's modules get installed.

        What a wheel says of itself (.dist-info) and installs elsewhere (other .data) is not in it.
        """
        if self.kind == "sdist":
            return {name.partition("/")[2]: name for name in self.members if "/" in name.rstrip("/")}
        found: dict[str, str] = {}
        for name in self.members:
            top = name.partition("/")[0]
            if data := _DATA.match(name):
                found[name[data.end() :]] = name
            elif not top.endswith((".dist-info", ".data")):
                found[name] = name
        return found

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """The content of members, of each that is there and not huge, as long as all together are not either."""
        wanted: set[str] = set()
        room = _TOGETHER
        for name in names:
            size = self.members.get(name, _LARGEST + 1)
            if name not in wanted and size <= min(room, _LARGEST):
                wanted.add(name)
                room -= size
        if not wanted:
            return {}
        with self.open() as file:
            if self.kind == "wheel":
                with open_zip(file) as wheel:
                    return {name: wheel.read(name) for name in wanted}
            with gzip.open(file) as packed, open_tar(packed, most=_UNPACKED) as sdist:
                members = (member for member in tar_members(sdist) if member.name in wanted)
                return {member.name: _read(sdist, member) for member in members}


def in_artifacts(artifacts: Sequence[StoredArtifact]) -> tuple[Distribution, ...]:
    """Every readable distribution of the artifacts; a broken file is the index's to judge."""
    return tuple(found for each in artifacts for found in _in_archive(each.archive, each.digest).distributions)


def excessive_in_artifacts(artifacts: Sequence[StoredArtifact]) -> tuple[str, ...]:
    """The names of the sdists of the artifacts that unpack to more than `RATIO` times their size."""
    return tuple(name for each in artifacts for name in _in_archive(each.archive, each.digest).excessive)


def named_in_artifacts(artifacts: Sequence[StoredArtifact]) -> tuple[NormalizedName, ...]:
    """The projects that the files of the artifacts are named after, readable or not."""
    found = (_named(PurePosixPath(file).name) for artifact in artifacts for file in artifact.files)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _named(filename: str) -> NormalizedName | None:
    """The project of a distribution's file name; None where it is no such name."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        return parse_sdist_filename(filename)[0] if filename.endswith(".tar.gz") else None
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def opening(path: Path) -> Open:
    """What opens a file."""
    return lambda: path.open("rb")


def read_distribution(filename: str, opened: Open) -> Distribution | None:
    """A distribution from its file; None when it is none, broken, or beyond the bounds of what is read."""
    try:
        return _read_within_bounds(filename, opened)
    except _BROKEN:
        return None


def _read_within_bounds(filename: str, opened: Open) -> Distribution | None:
    """Raises TooMuchError beyond the bounds, and what else is in _BROKEN; None where it is none by its name."""
    reader = _wheel if filename.endswith(".whl") else _sdist if filename.endswith(".tar.gz") else None
    if reader is None:
        return None
    with opened() as file:
        return reader(filename, file, opened)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Archive:
    """What an artifact's archive holds."""

    distributions: Sequence[Distribution] = ()
    excessive: Sequence[str] = ()


@lru_cache(maxsize=64)
def _in_archive(path: Path, _digest: str) -> _Archive:
    """Those of an artifact's archive, which its digest tells from another at the same path."""
    if not zipfile.is_zipfile(path):
        return _Archive()
    try:
        with path.open("rb") as file, open_zip(file) as archive:
            members = [each for each in archive.infolist() if _can_be_one(archive, each.filename)]
    except _BROKEN:
        return _Archive()
    distributions: list[Distribution] = []
    excessive: list[str] = []
    for name, size in ((each.filename, each.file_size) for each in members):
        filename = PurePosixPath(name).name
        try:
            found = _read_within_bounds(filename, partial(_member, path, name))
        except TooMuchError:
            excessive += (filename,) if filename.endswith(".tar.gz") and size * RATIO < _UNPACKED else ()
        except _BROKEN:
            continue
        else:
            distributions += () if found is None else (found,)
    return _Archive(distributions=distributions, excessive=excessive)


def _can_be_one(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a member of an archive may be a distribution by its name and its first bytes, and a file have that name.

    Raises what is in BROKEN.
    """
    start = next((start for end, start in _STARTS.items() if name.endswith(end)), None)
    if start is None or len(PurePosixPath(name).name.encode()) > _LONGEST_NAME:
        return False
    with archive.open(name) as member:
        return member.read(len(start)) == start


def _member(path: Path, name: str) -> BinaryIO:
    """A member of an archive as a file that is gone when it is closed. Raises TooMuchError, and what is in BROKEN."""
    with path.open("rb") as file, open_zip(file) as archive:
        if archive.getinfo(name).file_size > _LARGEST_FILE:
            raise TooMuchError
        made = tempfile.TemporaryFile(prefix="pysim-member-")  # noqa: SIM115 - whoever asked closes it
        try:
            with archive.open(name) as member:
                shutil.copyfileobj(member, made, CHUNK)
            made.seek(0)
        except BaseException:
            made.close()
            raise
    return made


def _wheel(filename: str, file: BinaryIO, opened: Open) -> Distribution:
    with open_zip(file) as wheel:
        members = {entry.filename: entry.file_size for entry in wheel.infolist() if not entry.is_dir()}
        times = Counter(entry.filename for entry in wheel.infolist())
        info = next(_folders(members, ".dist-info/METADATA"))
        most = {"entry_points.txt": _LARGEST_POINTS}
        parts = {
            part: wheel.read(f"{info}/{part}")
            for part in _PARTS
            if 0 < members.get(f"{info}/{part}", 0) <= most.get(part, _LARGEST)
        }
    points = _entry_points(parts.get("entry_points.txt", b"").decode(errors="replace"))
    project, version, metadata = _identity(parts["METADATA"])
    return Distribution(
        filename=filename,
        kind="wheel",
        project=project,
        version=version,
        metadata=metadata,
        scripts=tuple(points.get("console_scripts", ())),
        members=members,
        repeated=tuple(name for name, count in times.items() if count > 1),
        entry_points=points,
        record=_recorded(parts["RECORD"]) if "RECORD" in parts else None,
        open=opened,
    )


def _folders(members: Mapping[str, int], end: str) -> Iterator[str]:
    """The folders at the top that hold a member of that end: tools carry those of others deeper inside."""
    return (name.partition("/")[0] for name in members if name.endswith(end) and name.count("/") == 1)


def _sdist(filename: str, file: BinaryIO, opened: Open) -> Distribution:
    """Its scripts are those of `[project.scripts]`, and those that setuptools has written down."""
    information: bytes | None = None
    scripts: list[str] = []
    members: dict[str, int] = {}
    with gzip.open(file) as packed, open_tar(packed, most=_UNPACKED) as sdist:
        for member in tar_members(sdist):
            if not member.isdir():
                members[member.name] = member.size
            path = PurePosixPath(member.name)
            top = len(path.parts) == 2
            if top and path.name == "PKG-INFO":
                information = _read(sdist, member)
            elif top and path.name == "pyproject.toml":
                scripts += _project_scripts(_read(sdist, member))
            elif path.name == "entry_points.txt" and path.parent.suffix == ".egg-info" and len(path.parts) <= 4:
                scripts += _entry_points(_read(sdist, member).decode(errors="replace")).get("console_scripts", ())
    if information is None:
        raise KeyError("PKG-INFO")
    project, version, metadata = _identity(information)
    return Distribution(
        filename=filename,
        kind="sdist",
        project=project,
        version=version,
        metadata=metadata,
        scripts=tuple(dict.fromkeys(scripts)),
        members=members,
        open=opened,
    )


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return read_tar_member(archive, member) if member.size <= _LARGEST else b""


def _project_scripts(content: bytes) -> Sequence[str]:
    try:
        found = parse_toml(content).get("project", {}).get("scripts", {})
    except (TomlError, AttributeError):
        return ()
    return tuple(found) if isinstance(found, dict) else ()


def _identity(content: bytes) -> tuple[NormalizedName, str, RawMetadata]:
    """Raises KeyError without a name or a version, ValueError for what is beyond the bounds."""
    fields = parse_fields(content)
    if fields is None:
        raise ValueError("metadata beyond the bounds")
    metadata: RawMetadata = {**fields}  # type: ignore[typeddict-item]  # it comes as JSON from packaging's own parser
    return canonicalize_name(metadata["name"]), metadata["version"], metadata


def _recorded(content: bytes) -> tuple[str, ...]:
    rows = csv.reader(io.StringIO(content.decode(errors="replace")))
    found = tuple(row[0] for row in islice(rows, MEMBERS + 1) if row)
    if len(found) > MEMBERS:
        raise TooMuchError
    return found


def _entry_points(text: str) -> EntryPoints:
    """The entry points of a file that can be read as one; else none, and the index says so."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}

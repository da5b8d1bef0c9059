"""The distributions inside a run's artifacts or a folder: what the files themselves say. Judges nothing."""

from __future__ import annotations

import configparser
import csv
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from packaging.metadata import RawMetadata, parse_email
from packaging.utils import NormalizedName, canonicalize_name

from simulator.toml_reading import TomlError, parse_toml
from simulator.twins.base import StoredArtifact

_BROKEN: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    csv.Error,
    KeyError,
    OSError,
    EOFError,
    StopIteration,
    RuntimeError,
    ValueError,
)
_DATA: Final = re.compile(r"[^/]+\.data/(purelib|platlib)/")
_LARGEST: Final = 16 << 20  # bytes of a member that is read
_PARTS: Final = ("METADATA", "entry_points.txt", "RECORD")
EntryPoints = Mapping[str, Mapping[str, str]]  # by group, then by name


def _nothing() -> bytes:
    return b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A wheel or sdist; `version` is as its metadata has it, `scripts` are its console scripts as far as it tells.

    `members` are the names of its files as the archive has them, with their sizes; `record` those that RECORD lists.
    `content` gives the bytes of the whole file.
    """

    filename: str
    kind: Literal["wheel", "sdist"]
    project: NormalizedName
    version: str
    scripts: tuple[str, ...] = ()
    metadata: RawMetadata = field(default_factory=RawMetadata)
    members: Mapping[str, int] = field(default_factory=dict)
    entry_points: EntryPoints = field(default_factory=dict)
    record: tuple[str, ...] | None = None
    content: Callable[[], bytes] = field(default=_nothing, compare=False, repr=False)

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
        """The content of members, of each that is there and not huge."""
        wanted = {name for name in names if self.members.get(name, _LARGEST + 1) <= _LARGEST}
        if not wanted:
            return {}
        if self.kind == "wheel":
            with zipfile.ZipFile(io.BytesIO(self.content())) as wheel:
                return {name: wheel.read(name) for name in wanted}
        with tarfile.open(fileobj=io.BytesIO(self.content()), mode="r:gz") as sdist:
            return {member.name: _read(sdist, member) for member in sdist if member.name in wanted}


def in_artifacts(artifacts: Sequence[StoredArtifact]) -> tuple[Distribution, ...]:
    """Every readable distribution of the artifacts; a broken file is the index's to judge."""
    return tuple(found for artifact in artifacts for found in _in_archive(artifact))


def read_distribution(
    filename: str, content: bytes, *, again: Callable[[], bytes] | None = None
) -> Distribution | None:
    """A distribution from its bytes; None when it is none, or broken. `again` gives the bytes once more, if asked."""
    again = again or (lambda: content)
    try:
        if filename.endswith(".whl"):
            return _wheel(filename, content, again)
        if filename.endswith(".tar.gz"):
            return _sdist(filename, content, again)
    except _BROKEN:
        return None
    return None


def _in_archive(artifact: StoredArtifact) -> Iterator[Distribution]:
    if not zipfile.is_zipfile(artifact.archive):
        return
    with zipfile.ZipFile(artifact.archive) as archive:
        for name in archive.namelist():
            if name.endswith((".whl", ".tar.gz")):
                again = partial(_member, artifact.archive, name)
                found = read_distribution(PurePosixPath(name).name, archive.read(name), again=again)
                if found is not None:
                    yield found


def _member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def _wheel(filename: str, content: bytes, again: Callable[[], bytes]) -> Distribution:
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        members = {entry.filename: entry.file_size for entry in wheel.infolist() if not entry.is_dir()}
        info = next(_folders(members, ".dist-info/METADATA"))
        parts = {
            part: wheel.read(f"{info}/{part}") for part in _PARTS if 0 < members.get(f"{info}/{part}", 0) <= _LARGEST
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
        entry_points=points,
        record=_recorded(parts["RECORD"]) if "RECORD" in parts else None,
        content=again,
    )


def _folders(members: Mapping[str, int], end: str) -> Iterator[str]:
    """The folders at the top that hold a member of that end: tools carry those of others deeper inside."""
    return (name.partition("/")[0] for name in members if name.endswith(end) and name.count("/") == 1)


def _sdist(filename: str, content: bytes, again: Callable[[], bytes]) -> Distribution:
    """Its scripts are those of `[project.scripts]`, and those that setuptools has written down."""
    information: bytes | None = None
    scripts: list[str] = []
    members: dict[str, int] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as sdist:
        for member in sdist:
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
        content=again,
    )


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read(_LARGEST) if file is not None else b""


def _project_scripts(content: bytes) -> Sequence[str]:
    try:
        found = parse_toml(content).get("project", {}).get("scripts", {})
    except (TomlError, AttributeError):
        return ()
    return tuple(found) if isinstance(found, dict) else ()


def _identity(content: bytes) -> tuple[NormalizedName, str, RawMetadata]:
    metadata, _ = parse_email(content)
    return canonicalize_name(metadata["name"]), metadata["version"], metadata


def _recorded(content: bytes) -> tuple[str, ...]:
    return tuple(row[0] for row in csv.reader(content.decode(errors="replace").splitlines()) if row)


def _entry_points(text: str) -> EntryPoints:
    """The entry points of a file that can be read as one; else none, and the index says so."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}

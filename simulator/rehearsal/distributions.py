"""The distributions inside a run's artifacts: names, versions and console scripts, read from the files themselves."""

from __future__ import annotations

import configparser
import email
import io
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from typing import Literal

from packaging.utils import NormalizedName, canonicalize_name

from simulator.twins.base import StoredArtifact


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A wheel or sdist; `version` is as its metadata has it, `scripts` are its console scripts as far as it tells."""

    filename: str
    kind: Literal["wheel", "sdist"]
    project: NormalizedName
    version: str
    scripts: tuple[str, ...] = ()


def in_artifacts(artifacts: Sequence[StoredArtifact]) -> tuple[Distribution, ...]:
    """Every readable distribution of the artifacts; a broken file is the index's to judge."""
    return tuple(found for artifact in artifacts for found in _in_archive(artifact))


def read_distribution(filename: str, content: bytes) -> Distribution | None:
    """A distribution from its bytes; None when it is none, or broken."""
    try:
        if filename.endswith(".whl"):
            return _wheel(filename, content)
        if filename.endswith(".tar.gz"):
            return _sdist(filename, content)
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, OSError, EOFError, StopIteration, configparser.Error):
        return None
    return None


def _in_archive(artifact: StoredArtifact) -> Iterator[Distribution]:
    if not zipfile.is_zipfile(artifact.archive):
        return
    with zipfile.ZipFile(artifact.archive) as archive:
        for name in archive.namelist():
            if name.endswith((".whl", ".tar.gz")):
                found = read_distribution(PurePosixPath(name).name, archive.read(name))
                if found is not None:
                    yield found


def _wheel(filename: str, content: bytes) -> Distribution:
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        info = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
        metadata = email.message_from_bytes(wheel.read(f"{info}/METADATA"))
        points = f"{info}/entry_points.txt"
        scripts = _scripts(wheel.read(points).decode()) if points in wheel.namelist() else ()
    return _distribution(filename, "wheel", metadata, scripts)


def _sdist(filename: str, content: bytes) -> Distribution:
    """Its scripts are those of `[project.scripts]`, and those that setuptools has written down."""
    metadata: Message | None = None
    scripts: list[str] = []
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as sdist:
        for member in sdist:
            path = PurePosixPath(member.name)
            top = len(path.parts) == 2
            if top and path.name == "PKG-INFO":
                metadata = email.message_from_bytes(_read(sdist, member))
            elif top and path.name == "pyproject.toml":
                scripts += _project_scripts(_read(sdist, member))
            elif path.name == "entry_points.txt" and path.parent.suffix == ".egg-info":
                scripts += _scripts(_read(sdist, member).decode(errors="replace"))
    if metadata is None:
        raise KeyError("PKG-INFO")
    return _distribution(filename, "sdist", metadata, tuple(dict.fromkeys(scripts)))


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file is not None else b""


def _project_scripts(content: bytes) -> Sequence[str]:
    try:
        found = tomllib.loads(content.decode()).get("project", {}).get("scripts", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        return ()
    return tuple(found) if isinstance(found, dict) else ()


def _distribution(
    filename: str, kind: Literal["wheel", "sdist"], metadata: Message, scripts: tuple[str, ...] = ()
) -> Distribution:
    return Distribution(
        filename=filename,
        kind=kind,
        project=canonicalize_name(str(metadata["Name"])),
        version=str(metadata["Version"]),
        scripts=scripts,
    )


def _scripts(text: str) -> tuple[str, ...]:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return tuple(parser["console_scripts"]) if parser.has_section("console_scripts") else ()

"""The distributions inside a run's artifacts: names, versions and console scripts, read from the files themselves."""

from __future__ import annotations

import configparser
import email
import io
import tarfile
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
    """A wheel or sdist; `version` is as its metadata has it, `scripts` are a wheel's console scripts."""

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
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, OSError, EOFError):
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
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as sdist:
        for member in sdist:
            path = PurePosixPath(member.name)
            if path.name == "PKG-INFO" and len(path.parts) == 2:
                file = sdist.extractfile(member)
                assert file is not None
                return _distribution(filename, "sdist", email.message_from_bytes(file.read()))
    raise KeyError("PKG-INFO")


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

"""Checks of what a wheel must hold: RECORD, METADATA, and entry points that can be read."""

from __future__ import annotations

import configparser
import re
import zipfile
from typing import Final

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.refusals import RefusedError

_SCRIPTS: Final = ("console_scripts", "gui_scripts")
_SCRIPT: Final = re.compile(r"[\w.-]+")
_LONGEST: Final = 255  # bytes of a file's name; the file of the metadata has that of the wheel and `.metadata`


def record(submission: Submission) -> None:
    """A wheel has RECORD."""
    _must_have(submission, "RECORD")


def entry_points(submission: Submission) -> None:
    """Entry points are an INI file, and scripts have names that files can have."""
    if submission.filetype != "bdist_wheel":
        return
    name = submission.file.filename
    with zipfile.ZipFile(submission.file.staged.path) as wheel:
        place = f"{_folder(name)}/entry_points.txt"
        content = wheel.read(place) if place in wheel.namelist() else b""
    if not _can_be_read(content):
        raise RefusedError(400, f"Wheel {name!r} has invalid entry points defined in the entry_points.txt file")


def metadata(submission: Submission) -> None:
    """A wheel has METADATA."""
    _must_have(submission, "METADATA")


def name_length(submission: Submission) -> None:
    """The file of a wheel's metadata can be named after it."""
    name = submission.file.filename
    if submission.filetype == "bdist_wheel" and len(f"{name}.metadata".encode()) > _LONGEST:
        raise RefusedError(400, f"Filename is too long: {name!r}")


def _must_have(submission: Submission, part: str) -> None:
    if submission.filetype != "bdist_wheel":
        return
    name = submission.file.filename
    place = f"{_folder(name)}/{part}"
    with zipfile.ZipFile(submission.file.staged.path) as wheel:
        if place not in wheel.namelist():
            raise RefusedError(400, f"Wheel {name!r} does not contain the required {part} file: {place}")


def _folder(filename: str) -> str:
    return f"{'-'.join(filename.split('-')[:2])}.dist-info"


def _can_be_read(content: bytes) -> bool:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError):
        return False
    names = (name for section in _SCRIPTS if section in parser for name in parser.options(section))
    return all(_SCRIPT.fullmatch(name) for name in names)

"""Checks of what a wheel must hold: RECORD, METADATA, and entry points that can be read."""

from __future__ import annotations

import configparser
import csv
import re
from collections.abc import Sequence
from typing import Final

from simulator.archives import BROKEN, TooMuchError, opened_zip
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.mails import record_differs
from simulator.twins.pypi.members import read_member
from simulator.twins.pypi.refusals import RequestRefusedError

_SCRIPTS: Final = ("console_scripts", "gui_scripts")
_SCRIPT: Final = re.compile(r"[\w.-]+")
_SIGNATURES: Final = (".jws", ".p7s")  # of RECORD, which it does not list
_LONGEST: Final = 255  # bytes of a file's name; the file of the metadata has that of the wheel and `.metadata`


def record(submission: Submission) -> None:
    """A wheel has RECORD; one that does not list what the wheel holds is mailed about and taken."""
    if submission.filetype != "bdist_wheel":
        return
    name = submission.file.filename
    content, inside = _part(submission, "RECORD")
    try:
        rows = csv.reader(content.decode().splitlines()) if content is not None else None
        listed = {path.replace("\\", "/") for path, *_ in rows} if rows else None
    except (UnicodeDecodeError, ValueError, csv.Error):
        listed = None
    if listed is None:
        raise _missing(submission, "RECORD")
    exempt = {f"{_folder(name)}/RECORD{end}" for end in _SIGNATURES}
    held = {path for path in inside if not path.endswith(("/", "\\"))} - exempt
    if listed != held:
        project = submission.project.display if submission.project else submission.name
        submission.mails.append(record_differs(project, name, sorted(held - listed), sorted(listed - held)))


def entry_points(submission: Submission) -> None:
    """Entry points are an INI file, and scripts have names that files can have."""
    if submission.filetype != "bdist_wheel":
        return
    name = submission.file.filename
    content, _ = _part(submission, "entry_points.txt")
    if content is not None and not _can_be_read(content):
        raise RequestRefusedError(400, f"Wheel '{name}' has invalid entry points defined in the entry_points.txt file")


def metadata(submission: Submission) -> None:
    """A wheel has METADATA."""
    if submission.filetype == "bdist_wheel" and _part(submission, "METADATA")[0] is None:
        raise _missing(submission, "METADATA")


def name_length(submission: Submission) -> None:
    """The file of a wheel's metadata can be named after it."""
    name = submission.file.filename
    if submission.filetype == "bdist_wheel" and len(f"{name}.metadata".encode()) > _LONGEST:
        raise RequestRefusedError(400, f"Filename is too long: '{name}'")


def _part(submission: Submission, part: str) -> tuple[bytes | None, Sequence[str]]:
    """A file of the wheel's metadata, if it is there, and the names of all files."""
    with opened_zip(submission.file.staged.path) as wheel:
        try:
            return read_member(wheel, f"{_folder(submission.file.filename)}/{part}"), wheel.namelist()
        except KeyError:
            return None, wheel.namelist()
        except (*BROKEN, TooMuchError):
            raise RequestRefusedError(400, "Invalid distribution file. None") from None


def _missing(submission: Submission, part: str) -> RequestRefusedError:
    name = submission.file.filename
    return RequestRefusedError(400, f"Wheel '{name}' does not contain the required {part} file: {_folder(name)}/{part}")


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

"""Checks of what is inside a file: that it is the archive it claims to be, with the parts that it must have."""

from __future__ import annotations

import zipfile
from typing import Final

from simulator.archives import BROKEN, RATIO, TooMuchError, opened_zip
from simulator.twins.pypi.checks.scanning import encrypted
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.checks.zips import records_problem
from simulator.twins.pypi.members import common_path, is_tar, read_through, scan_zip
from simulator.twins.pypi.refusals import RequestRefusedError

RATIO_FROM: Final = 64 << 20  # bytes unpacked
TOO_MUCH: Final = f"File exceeds compression ratio of {RATIO}"
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_TOPS: Final = "Incorrect number of top-level directories in sdist"
_NOWHERE: Final = frozenset({"", ".", "/"})


def whole(submission: Submission) -> None:
    """The archive can be read to its end in one way only, and has its marks."""
    is_zip = submission.file.filename.endswith((".whl", ".zip"))
    try:
        problem = _zip_problem(submission) if is_zip else _tar_problem(submission)
    except TooMuchError:
        problem = TOO_MUCH
    except BROKEN:
        problem = "None"  # the index's own word for an archive that breaks while it is read
    if problem:
        raise RequestRefusedError(400, f"Invalid distribution file. {problem}")


def _zip_problem(submission: Submission) -> str | None:
    path, name = submission.file.staged.path, submission.file.filename
    if not zipfile.is_zipfile(path):
        return "File is not a zipfile"
    if is_tar(path):
        return "File is both a zip and a tar file"
    with opened_zip(path) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > RATIO_FROM and unpacked > RATIO * path.stat().st_size:
            return TOO_MUCH
        if any(entry.compress_type not in _METHODS for entry in entries):
            return "File does not use a supported compression type"
        problem = _zipped_sdist_problem(archive) if name.endswith(".zip") else _wheel_problem(archive, name)
        if problem := problem or scan_zip(archive, encrypted):
            return problem
    problem = records_problem(path)
    return f"ZIP archive not accepted: {problem}. {_see(submission)}" if problem else None


def _zipped_sdist_problem(archive: zipfile.ZipFile) -> str | None:
    top = common_path(archive.namelist())
    return _TOPS if top in _NOWHERE else _absent(archive, "PKG-INFO", f"{top}/PKG-INFO")


def _wheel_problem(archive: zipfile.ZipFile, name: str) -> str | None:
    parts = name.split("-", 2)
    if len(parts) != 3:
        return "Unable to parse name and version from wheel filename"
    return _absent(archive, "WHEEL", f"{parts[0]}-{parts[1]}.dist-info/WHEEL")


def _absent(archive: zipfile.ZipFile, part: str, place: str) -> str | None:
    try:
        read_through(archive, place)
    except KeyError:
        return f"{part} not found at {place}"
    return None


def _tar_problem(submission: Submission) -> str | None:
    path = submission.file.staged.path
    if not is_tar(path):
        return "File is not a tarfile"
    if zipfile.is_zipfile(path):
        return "File is both a zip and a tar file"
    contents = submission.tar
    if contents.is_sparse:
        return f"tar archive not accepted: Sparse members are not allowed. {_see(submission)}"
    if contents.top in _NOWHERE:
        return _TOPS
    marker = f"{contents.top}/PKG-INFO"
    return contents.wrong if marker in contents.names else f"PKG-INFO not found at {marker}"


def _see(submission: Submission) -> str:
    return f"See https://{submission.index.docs_host}/archives for more information"

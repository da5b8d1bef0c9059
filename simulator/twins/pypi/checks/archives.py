"""Checks of what is inside a file: that it is the archive it claims to be, with the parts that it must have."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.checks.zips import records_problem
from simulator.twins.pypi.refusals import RefusedError

RATIO: Final = 50
RATIO_FROM: Final = 64 << 20  # bytes unpacked
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def whole(submission: Submission) -> None:
    """The archive can be read to its end in one way only, and has its marks."""
    path, name = submission.file.staged.path, submission.file.filename
    is_zip = name.endswith((".whl", ".zip"))
    see = f"See https://docs.{submission.index.main_host}/archives for more information"
    try:
        problem = _zip_problem(path) if is_zip else _tar_problem(path)
        problem = problem or (_sdist_problem(path) if submission.filetype == "sdist" else _wheel_problem(path, name))
        problem = problem or (_zip_content_problem(path, see) if is_zip else _tar_content_problem(path, see))
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError, RuntimeError):
        problem = "None"  # the index's own word for an archive that breaks while it is read
    if problem:
        raise RefusedError(400, f"Invalid distribution file. {problem}")


def member_names(path: Path) -> Sequence[str]:
    """The names in a zip or tar archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped:
            return zipped.namelist()
    with tarfile.open(path, "r:gz") as tar:
        return tar.getnames()


def _zip_problem(path: Path) -> str | None:
    if not zipfile.is_zipfile(path):
        return "File is not a zipfile"
    if _is_tar(path):
        return "File is both a zip and a tar file"
    with zipfile.ZipFile(path) as zipped:
        entries = zipped.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > RATIO_FROM and unpacked > RATIO * path.stat().st_size:
            return f"File exceeds compression ratio of {RATIO}"
        if any(entry.compress_type not in _METHODS for entry in entries):
            return "File does not use a supported compression type"
    return None


def _tar_problem(path: Path) -> str | None:
    if not _is_tar(path):
        return "File is not a tarfile"
    return "File is both a zip and a tar file" if zipfile.is_zipfile(path) else None


def _zip_content_problem(path: Path, see: str) -> str | None:
    if problem := records_problem(path):
        return f"ZIP archive not accepted: {problem}. {see}"
    with zipfile.ZipFile(path) as zipped:
        return "None" if zipped.testzip() else None


def _tar_content_problem(path: Path, see: str) -> str | None:
    with tarfile.open(path, "r:gz") as tar:
        if any(member.issparse() for member in tar):
            return f"tar archive not accepted: Sparse members are not allowed. {see}"
    return None


def _sdist_problem(path: Path) -> str | None:
    inside = [name.removeprefix("./") for name in member_names(path)]
    tops = {name.split("/")[0] for name in inside} - {"", "."}
    if len(tops) != 1:
        return "Incorrect number of top-level directories in sdist"
    marker = f"{tops.pop()}/PKG-INFO"
    return None if marker in inside else f"PKG-INFO not found at {marker}"


def _wheel_problem(path: Path, name: str) -> str | None:
    parts = name.split("-", 2)
    if len(parts) != 3:
        return "Unable to parse name and version from wheel filename"
    marker = f"{parts[0]}-{parts[1]}.dist-info/WHEEL"
    return None if marker in member_names(path) else f"WHEEL not found at {marker}"


def _is_tar(path: Path) -> bool:
    try:
        with tarfile.open(path, "r:gz") as tar:
            for _ in tar:
                pass
    except (tarfile.ReadError, OSError, EOFError, zlib.error):
        return False
    return True

"""Checks of the file against what the index holds, or once held."""

from __future__ import annotations

from typing import Final

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.refusals import RequestRefusedError

OPEN_DAYS: Final = 14  # that a release takes new files
_DAY: Final = 86400


class IdenticalError(Exception):
    """The very file is there already: the upload succeeds and changes nothing."""


def not_there_already(submission: Submission) -> None:
    """No file has that name, and none that content under another name, whatever its project."""
    file = submission.file
    known = submission.catalogue.file_like(file.filename, file.staged.blake2_256)
    if known is None:
        return
    if (known.filename, known.sha256) == (file.filename, file.staged.sha256):
        raise IdenticalError
    text = f"File already exists ({file.filename!r}, with blake2_256 hash {file.staged.blake2_256!r})."
    raise RequestRefusedError(400, f"{text} {_see(submission)}")


def never_deleted(submission: Submission) -> None:
    """The name of a deleted file is used up."""
    if submission.catalogue.is_burnt(submission.file.filename):
        text = "This filename was previously used by a file that has since been deleted. Use a different version."
        raise RequestRefusedError(400, f"{text} {_see(submission)}")


def release_is_recent(submission: Submission) -> None:
    """A release takes new files for two weeks."""
    if submission.release and submission.now - submission.release.created > OPEN_DAYS * _DAY:
        raise RequestRefusedError(400, f"Uploading new files to releases older than {OPEN_DAYS} days is not allowed.")


def one_sdist(submission: Submission) -> None:
    """A release has one sdist."""
    if submission.filetype != "sdist" or not submission.release:
        return
    files = submission.catalogue.files(submission.release.project)
    if any(file.filetype == "sdist" and file.version == submission.release.version for file in files):
        raise RequestRefusedError(400, "Only one sdist may be uploaded per release.")


def _see(submission: Submission) -> str:
    return f"See https://{submission.index.main_host}/help/#file-name-reuse for more information."

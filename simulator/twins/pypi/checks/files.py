"""Checks of the file as a whole: its presence, its name, its size and its digests."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Final

from packaging.utils import canonicalize_name

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.refusals import RequestRefusedError

LIMIT: Final = 100 << 20  # bytes of a file; what a project has unless its owner asked for more
PROJECT_LIMIT: Final = 10 << 30  # bytes of all its files
LONGEST: Final = 255  # bytes of a name, on the index's own disk
_EXTENSION: Final = re.compile(r".+?(\.(?:tar\.gz|zip|whl))", re.IGNORECASE)
_EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {"sdist": (".tar.gz", ".zip"), "bdist_wheel": (".whl",)}


def present(submission: Submission) -> None:
    """There is a file."""
    if submission.offer.file is None:
        raise RequestRefusedError(400, "Upload payload does not have a file.")


def name_characters(submission: Submission) -> None:
    """The name is one of a file, not of a path, and can be printed."""
    name = submission.file.filename
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        text = "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127)"
        raise RequestRefusedError(400, f"{text} in the name.")
    if "/" in name or "\\" in name:
        raise RequestRefusedError(400, "Cannot upload a file with '/' or '\\' in the name.")


def extension(submission: Submission) -> None:
    """The name ends as the file type wants it."""
    name = submission.file.filename
    if not (match := _EXTENSION.fullmatch(name)):
        see = "See https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information"
        raise RequestRefusedError(400, f"Invalid file extension: Use .tar.gz, .whl or .zip extension. {see}")
    if match[1] not in _EXTENSIONS[submission.filetype]:
        see = "See https://www.python.org/dev/peps/pep-0527 for more information."
        text = f"Extension {match[1]} is invalid for filetype {submission.filetype}."
        raise RequestRefusedError(400, f"Invalid file extension: {text} {see}")


def name_length(submission: Submission) -> None:
    """A file can have the name at all. The index fails at one that is too long: this is how it refuses a wheel's."""
    name = submission.file.filename
    if len(name.encode()) > LONGEST:
        raise RequestRefusedError(400, f"Filename is too long: '{name}'")


def content_type(submission: Submission) -> None:
    """The file is not sent as an image or as nothing."""
    kind = submission.file.content_type
    if not kind or kind.startswith("image/"):
        raise RequestRefusedError(400, "Invalid distribution file.")


def size(submission: Submission) -> None:
    """The file is within the project's limit for a file."""
    if submission.file.staged.size > LIMIT:
        see = f"See {_limits(submission)}#requesting-a-file-size-limit-increase for more information."
        raise RequestRefusedError(
            400, f"File too large. Limit for project {submission.name!r} is {LIMIT >> 20} MB. {see}"
        )


def project_size(submission: Submission) -> None:
    """The file is within what the project has left."""
    held = sum(file.size for file in submission.catalogue.files(canonicalize_name(submission.name)))
    if held + submission.file.staged.size > PROJECT_LIMIT:
        text = f"Limit for project {submission.name!r} total size is {PROJECT_LIMIT >> 30} GB."
        see = f"See {_limits(submission)}#requesting-a-project-size-limit-increase"
        raise RequestRefusedError(400, f"Project size too large. {text} {see}")


def digests(submission: Submission) -> None:
    """Every digest that was sent is that of the file."""
    staged, offer = submission.file.staged, submission.offer
    actual = {"md5_digest": staged.md5, "sha256_digest": staged.sha256, "blake2_256_digest": staged.blake2_256}
    for field, digest in actual.items():
        sent = offer.first(field)
        if sent and not hmac.compare_digest(sent.lower().encode(), digest.encode()):
            raise RequestRefusedError(
                400, "The digest supplied does not match a digest calculated from the uploaded file."
            )


def _limits(submission: Submission) -> str:
    return f"https://{submission.index.docs_host}/project-management/storage-limits"

"""Checks of the form: who sends it, its protocol, and the fields that are not metadata."""

from __future__ import annotations

import re
from typing import Final

from simulator.twins.pypi.catalogue import Flag
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.creation import NAME
from simulator.twins.pypi.refusals import RequestRefusedError

SPECIFICATION: Final = "See https://packaging.python.org/specifications/core-metadata for more information."
FILETYPES: Final = ("sdist", "bdist_wheel")
DIGESTS: Final = ("blake2_256_digest", "md5_digest", "sha256_digest")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")


def no_misplaced_file(submission: Submission) -> None:
    """Only `content` may be a file."""
    if submission.offer.misplaced:
        raise RequestRefusedError(400, f"{submission.offer.misplaced}: Should not be a tuple.")


def open_for_uploads(submission: Submission) -> None:
    """The index takes files at all."""
    if submission.catalogue.has(Flag.READ_ONLY):
        raise RequestRefusedError(403, "Read-only mode: Uploads are temporarily disabled.")
    if submission.catalogue.has(Flag.NO_UPLOADS):
        see = f"See https://{submission.index.main_host}/help/#admin-intervention for more information."
        raise RequestRefusedError(403, f"New uploads are temporarily disabled. {see}")


def identified(submission: Submission) -> None:
    """A token of this index is shown."""
    help_page = f"https://{submission.index.main_host}/help/"
    try:
        identity = submission.identity
    except PermissionError:
        text = (
            "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers "
            f"instead. See {help_page}#apitoken and {help_page}#trusted-publishers"
        )
        raise RequestRefusedError(403, text, detailed=False) from None
    if identity is None:
        text = f"Invalid or non-existent authentication information. See {help_page}#invalid-auth for more information."
        raise RequestRefusedError(403, text)


def protocol_version(submission: Submission) -> None:
    """The only protocol there is."""
    if submission.offer.first("protocol_version", "1") != "1":
        raise RequestRefusedError(400, "Unknown protocol version.")


def project_name(submission: Submission) -> None:
    """The name is there and has the index's form."""
    problem = None
    if not submission.name:
        problem = "This field is required."
    elif not NAME.fullmatch(submission.name):
        problem = "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'."
    if problem:
        text = f"{_shortened(submission.name)!r} is an invalid value for Name. Error: {problem} {SPECIFICATION}"
        raise RequestRefusedError(400, text)


def blake2_digest(submission: Submission) -> None:
    """A BLAKE2 digest is hexadecimal and of the right length."""
    _digest(submission, "blake2_256_digest", "BLAKE2")


def sha256_digest(submission: Submission) -> None:
    """So is a SHA256 digest. The form of an MD5 digest is free: it only has to be that of the file."""
    _digest(submission, "sha256_digest", "SHA256")


def filetype(submission: Submission) -> None:
    """An sdist or a wheel."""
    if submission.filetype not in FILETYPES:
        problem = "Use a known file type." if submission.filetype else "This field is required."
        raise RequestRefusedError(400, f"Invalid value for filetype. Error: {problem}")


def python_version(submission: Submission) -> None:
    """Wheels name a Python version, sdists say `source`."""
    value = submission.offer.first("pyversion")
    problem = None
    if submission.filetype == "sdist" and value not in {"", "source"}:
        problem = "Use 'source' as Python version for an sdist."
    elif submission.filetype != "sdist" and not value:
        problem = "Python version is required for binary distribution uploads."
    if problem:
        raise RequestRefusedError(400, f"Invalid value for pyversion. Error: {problem}")


def some_digest(submission: Submission) -> None:
    """At least one digest comes with the file."""
    if not any(submission.offer.first(field) for field in DIGESTS):
        raise RequestRefusedError(400, "Error: Include at least one message digest.")


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:30]}...{text[-30:]}"


def _digest(submission: Submission, field: str, name: str) -> None:
    value = submission.offer.first(field)
    if value and not _DIGEST.fullmatch(value):
        text = f"Use a valid, hex-encoded, {name} message digest."
        raise RequestRefusedError(400, f"Invalid value for {field}. Error: {text}")

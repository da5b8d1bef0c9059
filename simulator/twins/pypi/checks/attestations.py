"""Checks of the attestations that come with a file (PEP 740), as far as they need no signature.

Whether an attestation is genuine is not judged.
"""

from __future__ import annotations

import json
from typing import Final

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.refusals import RefusedError

LIMIT: Final = 2  # attestations of one file


def acceptable(submission: Submission) -> None:
    """A publisher's token came with them, and there are one or two."""
    text = submission.offer.first("attestations")
    if text and (problem := _problem(submission, text)):
        raise RefusedError(400, f"Invalid attestations supplied during upload: {problem}")


def _problem(submission: Submission, text: str) -> str | None:
    assert submission.identity
    if submission.identity.is_user:
        return "Attestations are only supported when using Trusted Publishing"
    given = _attestations(text)
    if isinstance(given, str):
        return f"Malformed attestations: {given}"
    if not given:
        return "Malformed attestations: an empty attestation set is not permitted"
    return f"A maximum of {LIMIT} attestations per file are supported" if len(given) > LIMIT else None


def _attestations(text: str) -> list[object] | str:
    """The attestations, or the essence of what the index's validator says of the text."""
    start = "1 validation error for list[Attestation]\n  "
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return f"{start}Invalid JSON [type=json_invalid, input_type=str]"
    return given if isinstance(given, list) else f"{start}Input should be a valid array [type=list_type]"

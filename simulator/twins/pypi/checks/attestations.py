"""Checks of the attestations that come with a file (PEP 740): who may send some, and whether they hold."""

from __future__ import annotations

from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.refusals import RequestRefusedError
from simulator.twins.pypi.verification import AttestationError


def acceptable(submission: Submission) -> None:
    """A publisher sent them, and they are genuine."""
    try:
        _ = submission.provenance
    except AttestationError as error:
        raise RequestRefusedError(400, f"Invalid attestations supplied during upload: {error}") from None

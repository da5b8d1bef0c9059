"""What the index would mail to the owners of a project, as notices. Knows no request.

The words before a hint are the subject of the mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.run_events import Notice

_START: Final = "The index would mail its owners: "
_SHOWN: Final = 3  # names of files in one sentence


def record_differs(project: str, filename: str, unlisted: Sequence[str], absent: Sequence[str]) -> Notice:
    """A wheel's RECORD does not list what the wheel holds: taken today, and not for ever."""
    parts = (("it does not list", unlisted), ("the wheel does not hold", absent))
    found = " and ".join(f"{what} {_some(names)}" for what, names in parts if names)
    return Notice(
        message=f"{_START}Deprecation notice for recent wheel distribution upload to {project!r}.",
        hint=f"RECORD of {filename} is wrong: {found}. PyPI has announced to refuse that; use a newer build backend.",
    )


def token_beside_publisher(project: str, publisher: str) -> Notice:
    """A user's token uploaded to a project that has a trusted publisher."""
    return Notice(
        message=f"{_START}API token used to upload to project {project} despite Trusted Publishing enabled.",
        hint=f"The project has the publisher {publisher}: remove the token, and let the job ask for one.",
    )


def wide_publisher(project: str, environment: str) -> Notice:
    """A publisher for any environment was used from a job that has one."""
    return Notice(
        message=f"{_START}Trusted Publisher for project {project} can be made more secure.",
        hint=f"Register the publisher for the environment {environment}, which the job has.",
    )


def pending_used(project: str) -> Notice:
    """A pending publisher made its project."""
    return Notice(
        message=f"The index would mail its user: Trusted publisher created project {project}.",
        hint=f"The pending publisher created the project {project!r}, which stays even if no file is uploaded.",
    )


def pending_lost(project: str, taken: str, owner: str) -> Notice:
    """A pending publisher's name was taken by somebody else."""
    return Notice(
        message=f"The index would mail its user: Pending trusted publisher invalidated for {project}.",
        hint=f"{owner} has the project {taken!r}: choose another name, and register the publisher for it.",
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

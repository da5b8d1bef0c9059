"""Checks of the project: whether it is there or may be, and whether the token is good for it."""

from __future__ import annotations

from typing import Final

from packaging.utils import canonicalize_name

from simulator.twins.pypi.catalogue import Project
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.creation import check_new_name
from simulator.twins.pypi.refusals import RefusedError
from simulator.twins.pypi.tokens import failures

_NOT_A_USER: Final = (
    "Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
    "publisher but specifying the project name incorrectly (either in the publisher or in your project's metadata). "
    "Please ensure that both match. See: https://docs.{host}/trusted-publishers/troubleshooting/"
)


def may_exist(submission: Submission) -> None:
    """A new project needs a user's token and a free name."""
    if submission.project:
        return
    assert submission.identity
    if not submission.identity.is_user:
        raise RefusedError(400, _NOT_A_USER.format(host=submission.index.main_host))
    check_new_name(submission.catalogue, submission.index, submission.name)


def permitted(submission: Submission) -> None:
    """The token is in force and good for this project."""
    assert submission.identity
    name = submission.name
    project = submission.project or Project(id="", name=canonicalize_name(name), display=name)
    if said := failures(submission.identity, project, submission.now):
        raise RefusedError(403, f"Invalid API Token: {', '.join(said)}")

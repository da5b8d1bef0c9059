"""Checks of the project: whether it is there or may be, and whether the token is good for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from packaging.utils import canonicalize_name

from simulator.indexes import indexes
from simulator.twins.pypi.catalogue import Flag, Project, Status
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.creation import check_new_name, check_rate
from simulator.twins.pypi.refusals import RequestRefusedError
from simulator.twins.pypi.tokens import USER, failures

_NOT_A_USER: Final = (
    "Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
    "publisher but specifying the project name incorrectly (either in the publisher or in your project's metadata). "
    "Please ensure that both match. See: https://{host}/trusted-publishers/troubleshooting/"
)

_DISORDER: Final[Mapping[Flag, str]] = {
    Flag.UNVERIFIED_EMAIL: (
        "a verified primary email address. Please add a verified primary email before attempting to upload to PyPI. "
        "See https://{host}/help/#verified-email for more information."
    ),
    Flag.NO_SECOND_FACTOR: (
        "two-factor authentication enabled. Please enable two-factor authentication before attempting to upload to "
        "PyPI. See https://{host}/help/#two-factor-authentication for more information."
    ),
}


def may_exist(submission: Submission) -> None:
    """A new project needs the token of a user who may upload, and a free name."""
    if submission.project:
        return
    assert submission.identity
    if not submission.identity.is_user:
        raise RequestRefusedError(400, _NOT_A_USER.format(host=submission.index.docs_host))
    user_in_order(submission)
    check_rate(submission.catalogue, submission.now)
    check_new_name(submission.catalogue, submission.index, submission.name)


def permitted(submission: Submission) -> None:
    """The token is in force and good for this project, which is the user's own and takes files."""
    assert submission.identity
    name = submission.name
    project = submission.project or Project(id="", name=canonicalize_name(name), display=name)
    if said := failures(submission.identity, project, submission.now):
        raise RequestRefusedError(403, f"Invalid API Token: {', '.join(said)}")
    others = submission.identity.is_user and submission.catalogue.owner(project.name) is not None
    if others or submission.catalogue.status(project) in {Status.ARCHIVED, Status.QUARANTINED}:
        who = f"user {USER!r}" if submission.identity.is_user else "given token"
        see = f"See https://{submission.index.main_host}/help/#project-name for more information."
        raise RequestRefusedError(403, f"The {who} isn't allowed to upload to project {project.display!r}. {see}")


def user_in_order(submission: Submission) -> None:
    """The user has a verified address and a second factor."""
    assert submission.identity
    if not submission.identity.is_user:
        return
    for flag, text in _DISORDER.items():
        if submission.catalogue.has(flag):
            start = f"User {USER!r}, associated with the API token used, does not have"
            raise RequestRefusedError(403, f"{start} {text.format(host=submission.index.main_host)}")


def organization_active(submission: Submission) -> None:
    """The organization that owns the project is active."""
    project = submission.project
    if project and submission.catalogue.status(project) is Status.INACTIVE_ORGANIZATION:
        text = (
            "Organization account owning this project is inactive. This may be due to inactive billing for Company "
            "Organizations, or administrator intervention for Community Organizations. "
            f"Please contact support+orgs@{indexes()['pypi'].main_host}."
        )
        raise RequestRefusedError(400, text)

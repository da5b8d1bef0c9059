"""What a job's token may do."""

from __future__ import annotations

from typing import Final

from simulator.workflow.calls import RESTRICTED
from simulator.workflow.facts import permission_scopes
from simulator.workflow.model import Job, Permissions, Workflow

_RANK: Final = {"none": 0, "read": 1, "write": 2}
_ALWAYS: Final[Permissions] = {"metadata": "read"}


def default_permissions(setting: str | None) -> Permissions:
    """What jobs surely get whose files give nothing, by the repository's setting.

    It is "read", or "write" to all but id-token; where it is not known, that of a new repository.
    """
    if setting != "write":
        return RESTRICTED
    return {scope: levels[-1] for scope, levels in permission_scopes().items() if scope != "id-token"}


def most_permissions(setting: str | None) -> Permissions:
    """What jobs may get whose files give nothing, as far as the setting is known."""
    return default_permissions(setting or "write")


def permissions_of(workflow: Workflow, job: Job, *, default: Permissions = RESTRICTED) -> Permissions:
    """The scopes that the job's token is granted, and no others.

    The job's own `permissions` replace the workflow's wholly; where neither says anything the repository's `default`
    holds, which never includes id-token.
    """
    given = job.permissions if job.permissions is not None else workflow.permissions
    granted = default if given is None else given
    return {**_ALWAYS, **{scope: access for scope, access in granted.items() if access != "none"}}


def least(own: Permissions, ceiling: Permissions | None) -> Permissions:
    """What the token of a called job may do: never more than `ceiling`, that of the calling job."""
    if ceiling is None:
        return own
    shrunk = {scope: min(access, ceiling.get(scope, "none"), key=_RANK.__getitem__) for scope, access in own.items()}
    return {scope: access for scope, access in shrunk.items() if access != "none"}

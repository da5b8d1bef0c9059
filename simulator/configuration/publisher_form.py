"""The checks of PyPI's form for a GitHub publisher, with its messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from simulator.twins.base import Publisher

MOST_PENDING: Final = 3
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+")
_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_NOT_IN_ENVIRONMENT = frozenset("'\"`,;\\")


def errors_of_project(project: str) -> Iterator[str]:
    """What is wrong with a project's name."""
    if not project:
        yield "Specify project name"
    elif not _PROJECT.fullmatch(project):
        yield f"Invalid project name: {project!r}"


def errors_of_owner(owner: str) -> Iterator[str]:
    """What is wrong with the name of a user or an organization."""
    if not owner:
        yield "Specify GitHub repository owner (username or organization)"
    elif not _OWNER.fullmatch(owner):
        yield "Invalid GitHub user or organization name."


def errors_of_name(name: str) -> Iterator[str]:
    """What is wrong with a repository's name, without its owner's."""
    if not name:
        yield "Specify repository name"
    elif not _REPOSITORY.fullmatch(name):
        yield "Invalid repository name"


def errors_of_repository(repository: str) -> Iterator[str]:
    """What is wrong with `owner/name`: one of it."""
    owner, _, name = repository.partition("/")
    errors = [*errors_of_owner(owner), *errors_of_name(name)]
    yield from sorted(errors, key=lambda error: not error.startswith("Specify"))[:1]


def errors_of_workflow(workflow: str) -> Iterator[str]:
    """What is wrong with the file name of the workflow."""
    if not workflow:
        yield "Specify workflow filename"
    elif not workflow.endswith((".yml", ".yaml")):
        yield "Workflow name must end with .yml or .yaml"
    elif "/" in workflow:
        yield "Workflow filename must be a filename only, without directories"


def errors_of_environment(environment: str) -> Iterator[str]:
    """What is wrong with the name of the environment; an empty one is PyPI's "Any"."""
    if len(environment) > 255:
        yield "Environment name is too long (maximum is 255 characters)"
    elif environment != environment.lstrip():
        yield "Environment name may not start with whitespace"
    elif environment != environment.rstrip():
        yield "Environment name may not end with whitespace"
    elif not environment.isprintable() or not _NOT_IN_ENVIRONMENT.isdisjoint(environment):
        yield "Environment name must not contain non-printable characters or any of ' \" ` , ; \\"


def error_beside(publisher: Publisher, others: Sequence[Publisher]) -> str | None:
    """What the others keep a publisher from being registered for, or None."""
    from packaging.utils import canonicalize_name

    here = [other for other in others if (other.index, other.pending) == (publisher.index, publisher.pending)]
    same = [canonicalize_name(other.project) for other in here if _values(other) == _values(publisher)]
    if canonicalize_name(publisher.project) in same:
        if publisher.pending:
            return "This trusted publisher has already been registered."
        return f"{publisher.workflow} is already registered with {publisher.project}"
    if not publisher.pending:
        return None
    if same:
        return (
            "A pending trusted publisher matching this configuration has already been registered for a different "
            "project name."
        )
    if len(here) >= MOST_PENDING:
        return f"You can't register more than {MOST_PENDING} pending trusted publishers at once."
    return None


def _values(publisher: Publisher) -> tuple[str, str, str]:
    return publisher.repository, publisher.workflow, (publisher.environment or "").lower()

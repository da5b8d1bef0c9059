"""Arguments that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def directory(function: F) -> F:
    """Add -C."""
    option = click.option(
        "-C",
        "--directory",
        type=click.Path(path_type=Path),
        default=Path(),
        show_default="here",
        help="The repository, or a folder in it.",
    )
    return option(function)


def engine(function: F) -> F:
    """Add --engine."""
    option = click.option(
        "--engine",
        type=click.Choice(["auto", "docker", "local"]),
        default="auto",
        show_default=True,
        help="Where jobs run; auto takes docker when a daemon answers.",
    )
    return option(function)


def images(function: F) -> F:
    """Add --image."""
    option = click.option(
        "--image",
        "images",
        multiple=True,
        metavar="REF=LOCAL",
        help="Let an image of this machine stand for one of a workflow or an action. Can be given several times.",
    )
    return option(function)


def offline(function: F) -> F:
    """Add --offline."""
    return click.option("--offline", is_flag=True, help="Let nothing reach the network.")(function)


def pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Turn repeated NAME=VALUE options into a dict."""
    given: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE.", ctx=context, param=parameter)
        given[name] = text
    return given


def moment(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Turn a date or a time of ISO 8601 into seconds since the epoch; one without a zone is UTC's."""
    if value is None:
        return None
    try:
        given = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no time of ISO 8601.", ctx=context, param=parameter) from None
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()


_EVENT = (
    click.option("--tag", metavar="TAG", help="The tag whose push is rehearsed; it need not exist yet."),
    click.option(
        "--event",
        "event_name",
        type=click.Choice(["push", "release", "workflow_dispatch", "schedule"]),
        help="What happens on GitHub.  [default: the push, or the tag's release where only that publishes]",
    ),
    click.option("--branch", metavar="BRANCH", help="Rehearse a push to a branch, or choose the ref of a dispatch."),
    click.option(
        "--input", "inputs", multiple=True, metavar="NAME=VALUE", callback=pairs, help="A workflow_dispatch input."
    ),
    click.option("--prerelease", is_flag=True, help="With --event release: the release is a prerelease."),
    click.option(
        "--source",
        type=click.Choice(["commit", "worktree"]),
        default="commit",
        show_default=True,
        help="What is rehearsed: the commit, or the files as they are.",
    ),
    click.option("-W", "--workflow", "workflows", multiple=True, metavar="FILE", help="Rehearse this workflow only."),
    click.option("--all", "run_all", is_flag=True, help="Rehearse every workflow that the event starts."),
    click.option(
        "--var", "variables", multiple=True, metavar="NAME=VALUE", callback=pairs, help="A repository variable."
    ),
    click.option(
        "--secret-file", type=click.Path(path_type=Path), help="Secrets, NAME=VALUE a line.  [default: .secrets]"
    ),
)


def event(function: F) -> F:
    """Add the options that say what happens on GitHub, and of which files."""
    for option in reversed(_EVENT):
        function = option(function)
    return function


_ACTIONS = (
    click.option(
        "--actions",
        multiple=True,
        metavar="builtin|real",
        help="Run pysim's own actions (default) or the repositories' code; owner/repo=builtin|real|skip for one of "
        "them, where skip passes its steps over.",
    ),
    click.option(
        "--local-repository",
        "local_repositories",
        multiple=True,
        metavar="OWNER/REPO@REF=PATH",
        help="Take an action from a clone or a folder; without @REF for every version.",
    ),
)


def actions(function: F) -> F:
    """Add the options that say what stands for the actions of a workflow."""
    for option in reversed(_ACTIONS):
        function = option(function)
    return function


artifact_folder = click.option(
    "--artifacts",
    "artifact_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take what jobs for macOS or Windows would upload from DIR, in a folder for each artifact, as "
    "`gh run download` leaves it.",
)

"""Arguments of `pysim oidc`."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from simulator.cli.arguments.common import directory, event, moment


@click.group("oidc")
def command() -> None:
    """Say what PyPI would make of the ID tokens of jobs."""


@command.command("explain")
@directory
@event
@click.option(
    "--now",
    metavar="TIME",
    callback=moment,
    help="Say what would be at this time (ISO 8601, UTC without a zone), as pending publishers expire.",
)
@click.option("--json", "as_json", is_flag=True, help="Print an object for programs.")
def explain(*, as_json: bool, **arguments: Any) -> int:
    """Show the claims of each job that may have an ID token beside each declared publisher. Runs nothing.

    Without --tag or --branch, the jobs of all workflows are shown. Exit code: 0 fine, 1 a job gets no token, 2 usage,
    3 a workflow is not valid.
    """
    from simulator.cli.arguments.requests import request_of
    from simulator.cli.commands.oidc import explain_tokens

    return explain_tokens(request_of(arguments), click.echo, partial(click.style, fg="red"), as_json=as_json)

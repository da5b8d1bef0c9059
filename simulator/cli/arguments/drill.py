"""Arguments of `pysim drill`."""

from __future__ import annotations

from typing import Any

import click

from simulator.cli.arguments.common import actions, artifact_folder, directory, engine, event, images, offline


@click.command("drill")
@directory
@event
@engine
@actions
@click.option("--only", "names", multiple=True, metavar="NAME", help="Run this drill only. Repeatable.")
@click.option("--list", "listed", is_flag=True, help="List the drills, and run nothing.")
@click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    metavar="NAME=DIR",
    help="Take a folder's files for the artifact NAME, as pysim run does. Repeatable.",
)
@artifact_folder
@images
@offline
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, names: tuple[str, ...], listed: bool, as_json: bool, **arguments: Any) -> int:
    """Let the publishing jobs fail in every way that a release can meet, and run them again.

    What comes before them is run once. Says of each drill what the first attempt left on the index, and whether a
    second one completes the release. Exit code: 0 the release survives, 1 it does not, 2 usage, 3 the workflow is not
    valid, 4 no engine, 130 interrupted.
    """
    from simulator.cli.arguments.requests import request_of
    from simulator.cli.commands.drill import drill, list_drills

    if listed:
        return list_drills(as_json_text=as_json)
    return drill(request_of(arguments), names, as_json_text=as_json)

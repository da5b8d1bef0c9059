"""Arguments of `pysim run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simulator.cli.arguments.common import directory, engine, pairs


@click.command("run")
@directory
@click.option("--tag", metavar="TAG", help="The tag whose push is rehearsed; it need not exist yet.")
@click.option(
    "--event",
    "event_name",
    type=click.Choice(["push", "release", "workflow_dispatch"]),
    default="push",
    show_default=True,
    help="What happens on GitHub.",
)
@click.option("--branch", metavar="BRANCH", help="Rehearse a push to a branch, or choose the ref of a dispatch.")
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME=VALUE", callback=pairs, help="A workflow_dispatch input."
)
@click.option("--prerelease", is_flag=True, help="With --event release: the release is a prerelease.")
@click.option(
    "--source",
    type=click.Choice(["commit", "worktree"]),
    default="commit",
    show_default=True,
    help="What is rehearsed: the commit, or the files as they are.",
)
@click.option("-W", "--workflow", "workflows", multiple=True, metavar="FILE", help="Rehearse this workflow only.")
@click.option("--all", "run_all", is_flag=True, help="Rehearse every workflow that the event starts.")
@engine
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", callback=pairs, help="A repository variable.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="Secrets, NAME=VALUE a line.  [default: .secrets]")
@click.option("--keep-index", is_flag=True, help="Let the next runs find what this one published.")
@click.option("--offline", is_flag=True, help="Let nothing reach the network.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON lines, the summary last.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when the output is no terminal.")
@click.option("-v", "--verbose", is_flag=True, help="Print the logs of all steps.")
def command(**arguments: Any) -> int:
    """Rehearse a release: run the workflows that a tag would start.

    Exit code: 0 go, 1 no-go, 2 usage, 3 the workflow is not valid, 4 no engine, 5 refused by a protection rule,
    130 interrupted.
    """
    from simulator.cli.commands.run import run
    from simulator.cli.subject import RunOptions

    return run(RunOptions(**arguments))

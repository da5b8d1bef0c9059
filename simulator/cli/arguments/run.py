"""Arguments of `pysim run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simulator.cli.arguments.common import actions, artifact_folder, directory, engine, event, images, moment, offline


@click.command("run")
@directory
@event
@engine
@actions
@click.option("--keep-index", is_flag=True, help="Let the next runs find what this one published.")
@images
@offline
@click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    metavar="NAME=DIR",
    help="Take a folder's files for the artifact NAME, which a job for macOS or Windows would upload. Such a job is "
    "not run; the jobs that need it go on when all that it uploads is supplied, or when it uploads nothing. Of a "
    "matrix, this holds for each combination that is not run. Repeatable.",
)
@artifact_folder
@click.option(
    "--now",
    metavar="TIME",
    callback=moment,
    help="Let the stand-ins' clocks show this time (ISO 8601, UTC without a zone): 2026-01-31, 2026-01-31T12:00:00Z.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Let an outside system fail: upload-503=2 answers the second upload with 503. docs/drill.md lists the names; "
    "a misspelt one shows them. Repeatable.",
)
@click.option(
    "--approve",
    "approved",
    multiple=True,
    metavar="ENVIRONMENT",
    help="Approve the deployments to an environment that has reviewers, in the place of being asked. Repeatable.",
)
@click.option("--reject", "rejected", multiple=True, metavar="ENVIRONMENT", help="Reject them. Repeatable.")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="CODE[: WORDS]",
    help="Accept findings of this code, with these words in them: they keep no verdict back, and errors that are known "
    "before anything runs keep no job from running. Repeatable.",
)
@click.option("--ask-secrets", is_flag=True, help="Ask for secrets of environments that .secrets does not hold.")
@click.option("--real-time", is_flag=True, help="Wait as long as the wait timers of environments say.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON lines, the summary last.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when the output is no terminal.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as an HTML page, too.")
@click.option("-n", "--dry-run", is_flag=True, help="Print the plan, as pysim plan does, and run nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Print the logs of all steps.")
@click.option("--debug", is_flag=True, help="Show debug messages, as the secret ACTIONS_STEP_DEBUG does.")
def command(*, dry_run: bool, **arguments: Any) -> int:
    """Rehearse a release: run the workflows that a tag would start.

    Exit code: 0 go, 1 no-go, 2 usage, 3 the workflow is not valid, 4 no engine, 5 refused by a protection rule,
    6 not rehearsed: the release hangs on what was not run, 77 paused for a review, 130 interrupted.
    """
    from simulator.cli.arguments.requests import request_of
    from simulator.cli.commands.run import Output, run
    from simulator.errors import UsageError

    request, output = request_of(arguments), Output(**arguments)
    if dry_run and output.html is not None:
        raise UsageError("--html is the report of a run, and -n runs nothing.", hint="Leave one of them out.")
    if dry_run:
        from simulator.cli.arguments.plan import show

        return show(request, as_json=output.as_json)
    return run(request, output)

"""Arguments of `pysim plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from simulator.cli.arguments.common import actions, directory, event

if TYPE_CHECKING:
    from simulator.operations.request import Request


@click.command("plan")
@directory
@event
@actions
@click.option("-l", "--list", "as_list", is_flag=True, help="List the workflows and their jobs, whatever starts them.")
@click.option("-g", "--graph", is_flag=True, help="Draw the needs of the jobs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(*, as_list: bool, graph: bool, as_json: bool, **arguments: Any) -> int:
    """Say of every workflow whether a tag starts it and why, and what its jobs would do. Runs nothing.

    Exit code: 0 something starts, 1 nothing does, 2 usage, 3 a workflow is not valid.
    """
    from simulator.cli.arguments.requests import request_of

    if as_list + graph + as_json > 1:
        raise click.UsageError("--list, --graph and --json exclude each other.")
    return show(request_of(arguments), as_list=as_list, graph=graph, as_json=as_json)


def show(request: Request, *, as_list: bool = False, graph: bool = False, as_json: bool = False) -> int:
    """Print a plan, as `pysim run --dry-run` does too."""
    from simulator.cli.commands.plan import plan
    from simulator.report.plans.registry import PlanForm

    form: PlanForm = "list" if as_list else "graph" if graph else "json" if as_json else "text"
    return plan(request, form, click.echo, lambda text: click.echo(text, err=True))

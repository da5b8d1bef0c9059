"""Arguments of `pysim report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simulator.cli.arguments.common import directory


@click.command("report")
@click.argument("run", required=False)
@directory
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as an HTML page.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--plain", is_flag=True, help="Print plain lines, as when the output is no terminal.")
@click.option("-v", "--verbose", is_flag=True, help="Print the logs of all steps.")
def command(**arguments: Any) -> int:
    """Show a RUN again, by its id or its record (events.jsonl); the last one without either.

    Exit code: 0 shown, 2 usage.
    """
    from simulator.cli.commands.report import ReportOptions, report

    return report(ReportOptions(**arguments))

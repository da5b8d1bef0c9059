"""Arguments of `pysim clean`."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli.arguments.common import directory


@click.command("clean")
@directory
@click.option("--runs", is_flag=True, help="Also remove the folders of finished runs.")
@click.option("--index", is_flag=True, help="Also remove the kept index.")
@click.option("--cache", is_flag=True, help="Also remove what jobs and pysim itself have cached.")
@click.option("--images", is_flag=True, help="Also remove the images that pysim built.")
@click.option("--adopt", is_flag=True, help="Take over a .pysim/ that was not made here: it counts as your own then.")
def command(*, directory: Path, runs: bool, index: bool, cache: bool, images: bool, adopt: bool) -> int:
    """Remove what runs left behind: containers, processes, stale folders; and nothing else."""
    from simulator.cli.commands.clean import clean
    from simulator.operations.clean import CleanRequest

    wanted = CleanRequest(repository=directory, runs=runs, index=index, cache=cache, images=images, adopt=adopt)
    return clean(wanted, click.echo)

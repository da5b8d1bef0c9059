"""Arguments of `pysim engine`."""

from __future__ import annotations

import click


@click.command("engine")
def command() -> int:
    """Say which engines answer on this machine, and which one `auto` takes."""
    from simulator.cli.commands.engine import show_engines

    return show_engines(click.echo)

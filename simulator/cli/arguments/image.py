"""Arguments of `pysim image`."""

from __future__ import annotations

import click


@click.group("image")
def command() -> None:
    """Build or show the image that jobs run in."""


@command.command("build")
def build() -> int:
    """Build the image, or say that it is there."""
    from simulator.cli.commands.image import build_image

    return build_image(click.echo)

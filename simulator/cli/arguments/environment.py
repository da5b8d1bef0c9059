"""Arguments of `pysim environment`."""

from __future__ import annotations

import click


@click.group("environment")
def command() -> None:
    """Take over the environments that are set up at GitHub."""


@command.command("import")
@click.argument("files", nargs=-1, required=True, metavar="[NAME=]FILE...")
def import_(files: tuple[str, ...]) -> int:
    """Print the tables for pysim.toml of what GitHub's API says of environments and rulesets; - is standard input.

    \b
    gh api repos/O/R/environments > all.json
    gh api repos/O/R/environments/pypi/deployment-branch-policies > pypi.json
    pysim environment import all.json pypi=pypi.json >> pysim.toml

    The second file is needed where branches or tags are chosen. Variables and the names of secrets are in neither.
    """
    from simulator.cli.commands.environment import import_files
    from simulator.report.words import without_escapes

    return import_files(files, click.echo, lambda text: click.echo(without_escapes(text), err=True))

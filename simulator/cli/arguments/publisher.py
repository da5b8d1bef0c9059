"""Arguments of `pysim publisher`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from simulator.cli.arguments.common import directory

if TYPE_CHECKING:
    from simulator.operations.publishers import PublisherRequest

F = TypeVar("F", bound=Callable[..., Any])
_VALUES = (
    click.argument("project"),
    click.option("--workflow", metavar="FILE", help="The name of the workflow file, without a folder."),
    click.option(
        "--repository", "github", metavar="OWNER/NAME", help="The repository on GitHub.  [default of add: this one]"
    ),
    click.option("--environment", metavar="NAME", help="The environment of the job.  [default of add: any]"),
    click.option("--index", type=click.Choice(["pypi", "testpypi"]), help="The index.  [default of add: pypi]"),
    click.option("--pending", is_flag=True, help="A pending publisher, which makes the project."),
)


def _values(function: F) -> F:
    for option in reversed(_VALUES):
        function = option(function)
    return function


@click.group("publisher")
def command() -> None:
    """Declare the trusted publishers that PyPI has, in pysim.toml. Nothing is registered on PyPI."""


@command.command("add")
@directory
@_values
def add(**arguments: Any) -> int:
    """Declare a publisher of PROJECT, with the checks of PyPI's form."""
    from simulator.cli.commands import publisher

    return publisher.add(_request(arguments), click.echo)


@command.command("list")
@directory
def show(directory: Path) -> int:
    """List the declared publishers."""
    from simulator.cli.commands import publisher

    return publisher.show(directory, click.echo)


@command.command("remove")
@directory
@_values
def remove(**arguments: Any) -> int:
    """Remove the declared publisher of PROJECT that fits the options."""
    from simulator.cli.commands import publisher

    return publisher.remove(_request(arguments), click.echo)


def _request(arguments: dict[str, Any]) -> PublisherRequest:
    from simulator.operations.publishers import PublisherRequest

    return PublisherRequest(repository=arguments.pop("directory"), **arguments)

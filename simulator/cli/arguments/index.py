"""Arguments of `pysim index`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from simulator.cli.arguments.common import directory, moment

if TYPE_CHECKING:
    from simulator.operations.index import IndexChange, KeptIndex

F = TypeVar("F", bound=Callable[..., Any])
_index = click.option(
    "--index", type=click.Choice(["pypi", "testpypi"]), default="pypi", show_default=True, help="The index."
)
_owner = click.option("--owner", metavar="USER", help="Somebody else who has the project.  [default: you]")
_undo = click.option("--undo", is_flag=True, help="Take it back.")


@click.group("index")
def command() -> None:
    """Say what the indexes hold before a rehearsal, in .pysim/. Nothing is changed on PyPI.

    Each rehearsal works on a copy of it; `pysim run --keep-index` puts its own in its place.
    """


def _changing(function: F) -> F:
    """Add -C and --index."""
    return directory(_index(function))


@command.command("list", short_help="List what is known.")
@_changing
def list_(**arguments: Any) -> int:
    """List the projects, the names that are prohibited, and the names of deleted files."""
    from simulator.cli.commands import index

    return index.show_all(_kept(arguments), click.echo)


@command.command("show", short_help="Show what pip would see of a project.")
@click.argument("project")
@click.option("--json", "as_json", is_flag=True, help="As the simple API answers in JSON.")
@_changing
def show(**arguments: Any) -> int:
    """Show what pip would see of PROJECT."""
    from simulator.cli.commands import index

    return index.show(_kept(arguments), click.echo, **arguments)


@command.command("import", short_help="Take a project over from the real index.")
@click.argument("project")
@_owner
@_changing
def import_(**arguments: Any) -> int:
    """Take over what the real index says of PROJECT: releases, files, hashes, dates, what is yanked.

    It is read from the package index that this machine is configured for, and replaces what was known of PROJECT. What
    was deleted there is in no answer of it.
    """
    from simulator.cli.commands.index_import import import_project

    return import_project(_kept(arguments), click.echo, **arguments)


@command.command("add", short_help="Declare a project and its versions.")
@click.argument("project")
@click.argument("versions", nargs=-1, metavar="[VERSION]...")
@_owner
@click.option("--created", metavar="TIME", callback=moment, help="When the versions were made.  [default: now]")
@_changing
def add(**arguments: Any) -> int:
    """Declare that PROJECT is there, with an sdist and a wheel of each VERSION."""
    from simulator.operations.index import AddProject

    return _change(AddProject, arguments)


@command.command("yank", short_help="Yank a version.")
@click.argument("project")
@click.argument("version")
@click.option("--reason", metavar="TEXT", default="", help="What installers say of it.")
@_undo
@_changing
def yank(**arguments: Any) -> int:
    """Yank VERSION of PROJECT."""
    from simulator.operations.index import YankRelease

    return _change(YankRelease, arguments)


@command.command("delete", short_help="Delete a project, a version or a file.")
@click.argument("project")
@click.argument("what", required=False, metavar="[VERSION | FILE]")
@_changing
def delete(**arguments: Any) -> int:
    """Delete PROJECT, a version, or a file of it; the names of the files are used up for ever."""
    from simulator.operations.index import DeleteFiles

    return _change(DeleteFiles, arguments)


@command.command("archive", short_help="Archive a project.")
@click.argument("project")
@_undo
@_changing
def archive(**arguments: Any) -> int:
    """Archive PROJECT: it can be installed, and takes no file."""
    from simulator.operations.index import ArchiveProject

    return _change(ArchiveProject, arguments)


@command.command("quarantine", short_help="Put a project into quarantine.")
@click.argument("project")
@_undo
@_changing
def quarantine(**arguments: Any) -> int:
    """Put PROJECT into quarantine: it cannot be installed, and takes no file."""
    from simulator.operations.index import QuarantineProject

    return _change(QuarantineProject, arguments)


@command.command("prohibit", short_help="Prohibit a name.")
@click.argument("project")
@_undo
@_changing
def prohibit(**arguments: Any) -> int:
    """Let no project be named PROJECT."""
    from simulator.operations.index import ProhibitName

    return _change(ProhibitName, arguments)


def _change(kind: Callable[..., IndexChange], arguments: dict[str, Any]) -> int:
    from simulator.cli.commands import index

    kept = _kept(arguments)
    return index.change(kept, kind(**arguments), click.echo)


def _kept(arguments: dict[str, Any]) -> KeptIndex:
    """The index that -C and --index name; takes them out of the arguments."""
    from simulator.operations.index import KeptIndex

    return KeptIndex(repository=arguments.pop("directory"), index=arguments.pop("index"))

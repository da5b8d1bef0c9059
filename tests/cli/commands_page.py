"""Makes docs/commands.md of the program's own help: `python -m tests.cli.commands_page`, part of `make docs`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from simulator.cli.main import cli

PAGE: Final = Path(__file__).parents[2] / "docs" / "commands.md"
HEAD: Final = """\
# Commands and flags

Made by `make docs` of what `--help` says; a test holds both together. Every command takes `-h` and `--help`."""


def page() -> str:
    """The page."""
    context = click.Context(cli, info_name="pysim")
    return "\n".join([HEAD, *_commands(cli, context)]) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield from _command(command, inner)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("", f"## {context.command_path}", "", f"`{usage}`", "")
    yield inspect.cleandoc(command.help or "").replace("\b\n", "")
    rows = [record for each in command.params if (record := each.get_help_record(context)) is not None]
    if rows:
        yield from ("", "| flag | what it does |", "|---|---|")
        yield from (f"| {_code(flag)} | {_cell(said)} |" for flag, said in rows)


def _code(flag: str) -> str:
    return f"`{_cell(flag)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

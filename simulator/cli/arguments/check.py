"""Arguments of `pysim check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli.arguments.common import directory

if TYPE_CHECKING:
    from simulator.report.problems.registry import FormName


def _names(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The names in comma-separated lists, each once."""
    return tuple(dict.fromkeys(name.strip() for value in values for name in value.split(",") if name.strip()))


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@directory
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="The form of the output.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "notice", "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option(
    "--dist",
    "built",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Check built files instead: a folder such as dist/, a wheel or an sdist. May be repeated.",
)
@click.option("--tag", help="With --dist: the tag that the files are released under.")
@click.option("--with", "linters", multiple=True, metavar="NAMES", callback=_names, help="Also ask zizmor, actionlint.")
def command(
    *,
    files: tuple[Path, ...],
    directory: Path,
    form: FormName,
    fail_on: str,
    built: tuple[Path, ...],
    tag: str | None,
    linters: tuple[str, ...],
) -> int:
    """Check workflow FILES, or all of the repository, without running anything; with --dist, built distributions.

    Says what GitHub would refuse, and what would break a release to PyPI. Exit code: 0 fine, 1 a finding reaches
    --fail-on, 2 usage, 3 a file is not valid.
    """
    from simulator.cli.commands import check
    from simulator.diagnostics import Severity
    from simulator.errors import UsageError

    repository = None if directory == Path() else directory
    output = check.Output(form=form, fail_on=None if fail_on == "never" else Severity(fail_on))
    if built and (files or linters):
        hint = "Check the workflows in another command."
        raise UsageError("--dist checks built files, and no workflow.", hint=hint)
    if built:
        from simulator.operations.check_built import CheckBuiltRequest

        wanted = CheckBuiltRequest(built=built, repository=repository, tag=tag)
        return check.check_built(wanted, output, click.echo)
    if tag:
        raise UsageError("--tag is for built files.", hint="Name them with --dist.")
    from simulator.operations.check import CheckRequest

    return check.check(CheckRequest(repository=repository, files=files, linters=linters), output, click.echo)

"""The `pysim` command: finds the subcommand, and turns every error into one sentence, a hint and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Final

import click

from simulator.errors import ExitCode, SimulatorError, UsageError
from simulator.version import VERSION

# New objects between two looks for garbage: Python's own few hundred cost an eighth of the start, for what stays.
GARBAGE: Final = 50_000
# name -> (module with `command`, one line of help); the module is imported when the command is called
COMMANDS: Final = {
    "run": ("simulator.cli.arguments.run", "Rehearse a release: run the workflows that a tag would start."),
    "drill": ("simulator.cli.arguments.drill", "Rehearse the failures of outside systems, and the second attempt."),
    "report": ("simulator.cli.arguments.report", "Show a run again: its report, its HTML page, or its summary."),
    "check": ("simulator.cli.arguments.check", "Check workflow files without running anything."),
    "plan": ("simulator.cli.arguments.plan", "Say which workflows a tag starts, and what they would do."),
    "publisher": ("simulator.cli.arguments.publisher", "Declare the trusted publishers that PyPI has."),
    "index": ("simulator.cli.arguments.index", "Say what the indexes hold before a rehearsal."),
    "oidc": ("simulator.cli.arguments.oidc", "Say what PyPI would make of the ID tokens of jobs."),
    "environment": (
        "simulator.cli.arguments.environment",
        "Take over the environments that are set up at GitHub.",
    ),
    "clean": ("simulator.cli.arguments.clean", "Remove what runs left behind."),
    "image": ("simulator.cli.arguments.image", "Build or show the image that jobs run in."),
    "engine": ("simulator.cli.arguments.engine", "Say which engines answer on this machine."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` costs little more than click."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; None when there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in `--help`, from the table, without an import."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, with a suggestion for a misspelt one."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from simulator.spelling import suggest

            raise UsageError(f"There is no command {args[0]}.", hint=suggest(args[0], COMMANDS))
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="pysim")
def cli() -> None:
    """Rehearse a PyPI release on this machine before the tag is pushed."""


def main(arguments: list[str]) -> int:
    """Run `pysim` with arguments; the exit code. Errors go to standard error."""
    try:
        result = cli.main(arguments, prog_name="pysim", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        _show(_usage_error(error))
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort) as stop:
        # click makes an Abort of a KeyboardInterrupt, which may say more.
        _say(f"Interrupted. {stop.__cause__ or ''}".rstrip())
        return ExitCode.INTERRUPTED
    except SimulatorError as error:
        _show(error)
        return error.exit_code
    return result if isinstance(result, int) else ExitCode.GO


def _usage_error(error: click.ClickException) -> SimulatorError:
    """What click says of the arguments, in the form of every other error."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "pysim"
    hint = f"{command} --help lists what there is."
    if isinstance(error, click.NoSuchOption):
        from simulator.spelling import closest

        known = [name for option in context.command.params for name in option.opts] if context else []
        guess = closest(error.option_name, [*known, "--help"])
        message = f"{command} has no option {error.option_name}."
        return UsageError(message, hint=f"Did you mean {guess}?" if guess else hint)
    return UsageError(error.format_message(), hint=hint)


def _show(error: SimulatorError) -> None:
    from simulator.cli.remedies import hint_of
    from simulator.report.diagnostics import error_text

    _say(error_text(error, hint_of(error)))


def _say(text: str) -> None:
    click.echo(text, err=True)


def run() -> None:
    """The console script."""
    gc.set_threshold(GARBAGE)
    _open_streams()
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # The reader of our output is gone; a second error at exit would only repeat that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _open_streams() -> None:
    """Write to nowhere where the caller closed an output (`pysim run >&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end

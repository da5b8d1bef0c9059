"""The `orchay` command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from orchay.tasks import CircleError, SyntaxProblem, needed_for, parse, waves


class ShowVersion(argparse.Action):
    """Look the version up only when it is asked for: the source tree has none."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"orchay {version('orchay')}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    result = argparse.ArgumentParser(prog="orchay", description="Say in which order tasks can run.")
    result.add_argument("file", help="lines of the form `task: need need`; - reads standard input")
    result.add_argument("--for", dest="wanted", metavar="TASK", action="append", help="only TASK and what it needs")
    form = result.add_mutually_exclusive_group()
    form.add_argument("--flat", action="store_true", help="one task a line")
    form.add_argument("--json", action="store_true", help="the waves as JSON")
    result.add_argument("--version", action=ShowVersion, nargs=0, help="print the version")
    return result


def answer(order: list[list[str]], *, flat: bool, as_json: bool) -> str:
    """The waves as text."""
    if as_json:
        return json.dumps(order)
    if flat:
        return "\n".join(task for wave in order for task in wave)
    return "\n".join(f"{number}. {' '.join(wave)}" for number, wave in enumerate(order, start=1))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the order and return the exit code: 0, 1 for a circle, 2 for input that cannot be used."""
    options = parser().parse_args(arguments)
    try:
        text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text(encoding="utf-8")
        tasks = parse(text)
        if options.wanted:
            tasks = needed_for(tasks, options.wanted)
        print(answer(waves(tasks), flat=options.flat, as_json=options.json))
    except CircleError as error:
        print(f"orchay: {error}", file=sys.stderr)
        return 1
    except KeyError as error:
        print(f"orchay: no task {error} in {options.file}", file=sys.stderr)
        return 2
    except (OSError, UnicodeDecodeError, SyntaxProblem) as error:
        print(f"orchay: {error}", file=sys.stderr)
        return 2
    return 0


def run() -> None:
    """The console script."""
    sys.exit(main())

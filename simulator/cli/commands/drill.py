"""`pysim drill`: does the release survive the failures of the systems that it depends on?"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console

from simulator.cli.interrupts import interrupted_once
from simulator.errors import ExitCode
from simulator.operations.drill import Drilled, known_drills, view_of
from simulator.operations.drill import drill as drilled_by
from simulator.operations.request import Request
from simulator.report.drills import WIDTH, DrillsView, as_json, print_drills


def drill(request: Request, names: Sequence[str], *, as_json_text: bool = False) -> ExitCode:
    """Drill the release; raises SimulatorError for what keeps pysim from doing so."""
    with interrupted_once():
        drilling = drilled_by(request, names, _say_nothing if as_json_text else _say)
    _print(view_of(drilling), as_json_text=as_json_text)
    return ExitCode.GO if drilling.survives else ExitCode.NO_GO


def list_drills(*, as_json_text: bool = False) -> ExitCode:
    """Print the drills that there are."""
    drills = known_drills()
    if as_json_text:
        rows = [{"name": each.name, "faults": each.faults, "says": each.says} for each in drills]
        sys.stdout.write(f"{json.dumps(rows, indent=2)}\n")
        return ExitCode.GO
    width = max(len(each.name) for each in drills)
    for each in drills:
        sys.stdout.write(f"{each.name:{width}}  {each.says} ({', '.join(each.faults)})\n")
    return ExitCode.GO


def _print(view: DrillsView, *, as_json_text: bool) -> None:
    if as_json_text:
        sys.stdout.write(f"{json.dumps(as_json(view), indent=2)}\n")
        return
    console = Console(file=sys.stdout) if sys.stdout.isatty() else Console(file=sys.stdout, width=WIDTH)
    console.print()
    print_drills(view, console)


def _say(told: Drilled | str) -> None:
    text = told if isinstance(told, str) else f"{told.drill.name}: {told.outcome}, {_seconds(told):.1f} s"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _say_nothing(_told: Drilled | str) -> None:
    """With --json, the document alone is printed."""


def _seconds(told: Drilled) -> float:
    return told.first.seconds + (told.second.seconds if told.second else 0)

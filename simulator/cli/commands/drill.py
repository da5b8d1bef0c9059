"""`pysim drill`: does the release survive the failures of the systems that it depends on?"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

from rich.console import Console

from simulator.errors import ExitCode
from simulator.operations.drill import Drilling, run_drills
from simulator.operations.recording import recording
from simulator.operations.request import RunOptions, require_sense
from simulator.paths import RunFolder
from simulator.rehearsal.drills import DRILLS, Drilled, chosen_drills, survived
from simulator.report.drills import WIDTH, DrillsView, DrillView, as_json, print_drills, summed
from simulator.run_events import RunFinished, Verdict


def drill(options: RunOptions, names: Sequence[str]) -> ExitCode:
    """Drill the release; raises SimulatorError for what keeps pysim from doing so."""
    drills = chosen_drills(names)
    require_sense(options)
    tell = _say_nothing if options.as_json else _say
    with recording(options) as into:
        view = _view(run_drills(options, drills, into.root, into.folder, into.report, tell), into.folder)
        code = ExitCode.GO if view.survives else ExitCode.NO_GO
        last = Verdict.GO if view.survives else Verdict.NO_GO
        into.report(
            RunFinished(verdict=last, reason=f"a drill, no rehearsal: {summed(view)}", at=time.time(), exit_code=code)
        )
    _print(view, as_json_text=options.as_json)
    return code


def list_drills(*, as_json_text: bool = False) -> ExitCode:
    """Print the drills that there are."""
    if as_json_text:
        rows = [{"name": each.name, "faults": each.faults, "says": each.says} for each in DRILLS]
        sys.stdout.write(f"{json.dumps(rows, indent=2)}\n")
        return ExitCode.GO
    width = max(len(each.name) for each in DRILLS)
    for each in DRILLS:
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


def _view(drilling: Drilling, folder: RunFolder) -> DrillsView:
    records = folder.path / "drills"
    return DrillsView(
        drills=[_row(each) for each in drilling.drilled],
        survives=drilling.stopped is None and survived(drilling.drilled),
        left=drilling.left,
        record=str(records if records.is_dir() else folder.path),
        stopped=drilling.stopped,
    )


def _row(drilled: Drilled) -> DrillView:
    second = drilled.second
    return DrillView(
        name=drilled.drill.name,
        faults=drilled.drill.faults,
        says=drilled.drill.says,
        outcome=drilled.outcome,
        counts=drilled.counts,
        first=drilled.first.reason,
        there=drilled.first.there,
        missing=drilled.missing,
        second=second.reason if second else None,
        advice=drilled.advice,
    )

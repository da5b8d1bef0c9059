"""`pysim report`: shows a run again, made from the record of its events."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import ExitCode, UsageError
from simulator.paths import RunFolder, StateFolder
from simulator.report.codec import read_events
from simulator.report.pages.record import record_of
from simulator.report.pages.renderer import write_page
from simulator.report.registry import open_renderer
from simulator.report.summary import summary
from simulator.triggers.repository import find_root


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportOptions:
    """What the user asked `pysim report` for; `run` is an id, a record or a run's folder."""

    directory: Path
    run: str | None = None
    html: Path | None = None
    as_json: bool = False
    plain: bool = False
    verbose: bool = False


def report(options: ReportOptions) -> ExitCode:
    """Show a run. Raises UsageError when there is none, or its record cannot be read."""
    if (options.html is not None) + options.as_json + (options.plain or options.verbose) > 1:
        raise UsageError("--html, --json and plain lines exclude each other.", hint="Give one of them.")
    folder = _folder(options)
    if options.html is not None:
        write_page(record_of(read_events(folder.events)), [options.html])
    elif options.as_json:
        result = summary(record_of(read_events(folder.events)).state)
        if result is None:
            raise UsageError(f"The run {folder.id} ended before its verdict.", hint="Show it without --json.")
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        renderer = open_renderer(
            "plain" if options.plain or options.verbose else "report",
            sys.stdout,
            verbose=options.verbose,
            folder=folder,
        )
        for event in read_events(folder.events):
            renderer(event)
        renderer.close()
    return ExitCode.GO


def _folder(options: ReportOptions) -> RunFolder:
    if options.run is not None:
        path = Path(options.run)
        if path.is_dir() and (path / "events.jsonl").exists():
            return RunFolder(path)
        if path.name == "events.jsonl" and path.exists():
            return RunFolder(path.parent)
    state = StateFolder(find_root(options.directory))
    if options.run is not None:
        return state.run(options.run)
    latest = state.latest_run()
    if latest is None:
        raise UsageError(f"There is no run in {state.runs}.", hint="Rehearse one: pysim run --tag v1.2.3")
    return latest

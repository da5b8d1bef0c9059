"""`pysim report`: shows a run again, made from the record of its events."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.cli.exit_codes import with_exit_code
from simulator.cli.remedies import Spelled
from simulator.errors import ExitCode, UsageError
from simulator.operations.kept_runs import events_of, kept_run
from simulator.report.pages.record import record_of
from simulator.report.pages.renderer import write_page
from simulator.report.registry import RendererName, open_renderer
from simulator.report.summary import summary


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
    folder = kept_run(options.directory, options.run)
    if options.html is not None:
        write_page(record_of(events_of(folder)), [options.html])
    elif options.as_json:
        state = record_of(events_of(folder)).state
        result = summary(state)
        if result is None or state.finished is None:
            raise UsageError(f"The run {folder.id} ended before its verdict.", hint="Show it without --json.")
        sys.stdout.write(json.dumps({**result, **with_exit_code(state.finished)}, indent=2) + "\n")
    else:
        form: RendererName = "plain" if options.plain or options.verbose else "report"
        renderer = Spelled(open_renderer(form, sys.stdout, verbose=options.verbose, folder=folder))
        for event in events_of(folder):
            renderer(event)
        renderer.close()
    return ExitCode.GO

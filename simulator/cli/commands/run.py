"""`pysim run`: the rehearsal of a release."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

from simulator.cli.rehearsal import rehearse
from simulator.cli.subject import RunOptions
from simulator.errors import ExitCode, UsageError
from simulator.paths import StateFolder
from simulator.report.recorder import Recorder
from simulator.report.registry import RendererName, broadcast, open_renderer
from simulator.triggers.repository import find_root


def run(options: RunOptions) -> ExitCode:
    """Rehearse and report; raises SimulatorError for what keeps pysim from doing so."""
    _require_sense(options)
    root = find_root(options.directory)
    # Whoever ends pysim politely gets the same clean-up as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        folder = StateFolder(root).new_run(datetime.now(UTC))
        stack.callback(folder.release)
        form: RendererName = "json" if options.as_json else "plain" if options.plain else "auto"
        sinks = (Recorder(folder), open_renderer(form, sys.stdout, verbose=options.verbose, folder=folder))
        report = stack.enter_context(broadcast(sinks))
        return rehearse(options, root, folder, report)


def _require_sense(options: RunOptions) -> None:
    if options.event_name in {"push", "release"} and options.tag is None and options.branch is None:
        raise UsageError(
            "There is nothing to rehearse: no tag was given.",
            hint="Say which: pysim run --tag v1.2.3, or --branch main.",
        )
    if options.tag is not None and options.branch is not None:
        raise UsageError("--tag and --branch exclude each other.", hint="Give the one whose push is rehearsed.")
    if options.event_name == "release" and options.tag is None:
        raise UsageError("A release belongs to a tag.", hint="Give it with --tag.")
    if options.inputs and options.event_name != "workflow_dispatch":
        raise UsageError("--input belongs to --event workflow_dispatch.", hint="Add --event workflow_dispatch.")

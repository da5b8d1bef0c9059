"""`pysim run`: the rehearsal of a release."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime

from simulator.cli.interrupts import interrupted_once
from simulator.cli.preparation import no_workflow
from simulator.cli.rehearsal import rehearse
from simulator.cli.subject import RunOptions
from simulator.errors import ExitCode, SimulatorError, UsageError
from simulator.paths import StateFolder
from simulator.report.pages.renderer import HtmlRenderer
from simulator.report.recorder import Recorder
from simulator.report.registry import RendererName, broadcast, open_renderer
from simulator.triggers.repository import WORKFLOWS, find_root, is_git_root


def run(options: RunOptions) -> ExitCode:
    """Rehearse and report; raises SimulatorError for what keeps pysim from doing so."""
    require_sense(options)
    root = find_root(options.directory)
    if not is_git_root(root) and not (root / WORKFLOWS).is_dir():
        raise no_workflow(root)
    state = StateFolder(root)
    with ExitStack() as stack:
        stack.enter_context(interrupted_once())
        folder = state.new_run(datetime.now(UTC))
        stack.callback(folder.release)
        form: RendererName = "json" if options.as_json else "plain" if options.plain else "auto"
        recorder = Recorder(folder)
        pages = HtmlRenderer([folder.page, *([options.html] if options.html else [])])
        sinks = (recorder, open_renderer(form, sys.stdout, verbose=options.verbose, folder=folder), pages)
        report = stack.enter_context(broadcast(sinks))
        try:
            return rehearse(options, root, folder, report)
        except SimulatorError:
            if recorder.state.started is None:
                stack.callback(state.discard, folder)
            raise
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(f"The record so far is in {folder.path}") from stop


def require_sense(options: RunOptions) -> None:
    """Raise UsageError for options that exclude or need each other."""
    if options.event_name == "release" and options.tag is None:
        raise UsageError("A release belongs to a tag, and none was given.", hint="Add --tag v1.2.3.")
    if options.event_name == "push" and options.tag is None and options.branch is None:
        raise UsageError(
            "There is nothing to rehearse: no tag was given.",
            hint="Say which: pysim run --tag v1.2.3, or --branch main.",
        )
    if options.tag is not None and options.branch is not None:
        raise UsageError("--tag and --branch exclude each other.", hint="Give the one that the event is about.")
    if options.prerelease and options.event_name != "release":
        raise UsageError("--prerelease belongs to --event release.", hint="Add --event release.")
    if options.inputs and options.event_name != "workflow_dispatch":
        raise UsageError("--input belongs to --event workflow_dispatch.", hint="Add --event workflow_dispatch.")
    if options.html is not None and not options.html.parent.is_dir():
        raise UsageError(f"There is no folder {options.html.parent} for the page.", hint="Make it, or name another.")
    if options.as_json and (options.plain or options.verbose):
        other = "--plain" if options.plain else "--verbose"
        raise UsageError(f"--json and {other} exclude each other.", hint="--json holds every line already.")

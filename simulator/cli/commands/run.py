"""`pysim run`: the rehearsal of a release."""

from __future__ import annotations

import sys

from simulator.errors import ExitCode
from simulator.operations.recording import recording
from simulator.operations.rehearse import rehearse
from simulator.operations.request import RunOptions, require_sense
from simulator.paths import RunFolder
from simulator.report.registry import Renderer, RendererName, open_renderer


def run(options: RunOptions) -> ExitCode:
    """Rehearse and report; raises SimulatorError for what keeps pysim from doing so."""
    require_sense(options)
    form: RendererName = "json" if options.as_json else "plain" if options.plain else "auto"

    def shown(folder: RunFolder) -> Renderer:
        return open_renderer(form, sys.stdout, verbose=options.verbose, folder=folder)

    with recording(options, shown) as into:
        return rehearse(options, into.root, into.folder, into.report)

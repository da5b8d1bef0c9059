"""`pysim run`: the rehearsal of a release."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from simulator.cli.exit_codes import exit_code, with_exit_code
from simulator.cli.interrupts import interrupted_once
from simulator.cli.remedies import Spelled
from simulator.cli.terminal import terminal
from simulator.errors import ExitCode, UsageError
from simulator.operations.rehearse import rehearse
from simulator.operations.request import Request
from simulator.report.pages.renderer import HtmlRenderer
from simulator.report.registry import Renderer, RendererName, broadcast, open_renderer


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """How a run is shown; `html` is a file for its page beside the one in its folder."""

    as_json: bool = False
    plain: bool = False
    verbose: bool = False
    html: Path | None = None


def run(request: Request, output: Output) -> ExitCode:
    """Rehearse and report; raises SimulatorError for what keeps pysim from doing so."""
    require_sense(output)
    with ExitStack() as stack:
        stack.enter_context(interrupted_once())
        shown = stack.enter_context(broadcast(_renderers(output)))
        return exit_code(rehearse(request, shown, ask=terminal()))


def _renderers(output: Output) -> list[Renderer]:
    form: RendererName = "json" if output.as_json else "plain" if output.plain else "auto"
    renderer = open_renderer(form, sys.stdout, verbose=output.verbose, add=with_exit_code)
    page = [HtmlRenderer([output.html])] if output.html else []
    return [renderer if output.as_json else Spelled(renderer), *page]


def require_sense(output: Output) -> None:
    """Raise UsageError for options that exclude each other."""
    if output.html is not None and not output.html.parent.is_dir():
        raise UsageError(f"There is no folder {output.html.parent} for the page.", hint="Make it, or name another.")
    if output.as_json and (output.plain or output.verbose):
        other = "--plain" if output.plain else "--verbose"
        raise UsageError(f"--json and {other} exclude each other.", hint="--json holds every line already.")

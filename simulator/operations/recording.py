"""Opens the folder of a new run, with its record and its page, for whichever command makes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.cli.interrupts import interrupted_once
from simulator.errors import SimulatorError
from simulator.operations.preparation import no_workflow
from simulator.operations.request import RunOptions
from simulator.paths import RunFolder, StateFolder
from simulator.report.pages.renderer import HtmlRenderer
from simulator.report.recorder import Recorder
from simulator.report.registry import Renderer, broadcast
from simulator.run_events import EventSink
from simulator.triggers.repository import WORKFLOWS, find_root, is_git_root


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """A run that may begin: the repository, the run's folder, and where its events go."""

    root: Path
    folder: RunFolder
    report: EventSink


@contextmanager
def recording(options: RunOptions, *renderers: Callable[[RunFolder], Renderer]) -> Iterator[Recording]:
    """A new run's folder; an error before the run has started leaves none. Raises UsageError without a workflow."""
    root = find_root(options.directory)
    if not is_git_root(root) and not (root / WORKFLOWS).is_dir():
        raise no_workflow(root)
    state = StateFolder(root)
    with ExitStack() as stack:
        stack.enter_context(interrupted_once())
        folder = state.new_run(datetime.now(UTC))
        stack.callback(folder.release)
        recorder = Recorder(folder)
        pages = HtmlRenderer([folder.page, *([options.html] if options.html else [])])
        report = stack.enter_context(broadcast([recorder, *(make(folder) for make in renderers), pages]))
        try:
            yield Recording(root=root, folder=folder, report=report)
        except SimulatorError:
            if recorder.state.started is None:
                stack.callback(state.discard, folder)
            raise
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(f"The record so far is in {folder.path}") from stop

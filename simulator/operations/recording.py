"""The record of a run: its folder, its events, and its page, for whichever operation makes one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.errors import SimulatorError
from simulator.operations.kept_state import kept_state
from simulator.operations.workflow_files import no_workflow
from simulator.paths import RunFolder
from simulator.report.pages.renderer import HtmlRenderer
from simulator.report.recorder import Recorder
from simulator.report.registry import broadcast
from simulator.run_events import EventSink, RunEvent
from simulator.triggers.repository import WORKFLOWS, find_root, is_git_root


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """A run that may begin: the repository, the run's folder, and where its events go."""

    root: Path
    folder: RunFolder
    report: EventSink


@contextmanager
def recording(repository: Path, listen: EventSink) -> Iterator[Recording]:
    """A new run's folder, whose events `listen` hears, too; an error before the run has started leaves none.

    Raises UsageError without a workflow.
    """
    root = find_root(repository)
    if not is_git_root(root) and not (root / WORKFLOWS).is_dir():
        raise no_workflow(root)
    state = kept_state(root)
    with ExitStack() as stack:
        folder = state.new_run(datetime.now(UTC))
        stack.callback(folder.release)
        recorder = Recorder(folder)
        pages = HtmlRenderer([folder.page])
        report = stack.enter_context(broadcast([recorder, _Listener(listen), pages]))
        try:
            yield Recording(root=root, folder=folder, report=report)
        except SimulatorError:
            if recorder.state.started is None:
                stack.callback(state.discard, folder)
            raise
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(f"The record so far is in {folder.path}") from stop


class _Listener:
    """Hands events on; who listens ends by itself."""

    def __init__(self, listen: EventSink) -> None:
        self._listen = listen

    def __call__(self, event: RunEvent, /) -> None:
        self._listen(event)

    def close(self) -> None:
        """Nothing is to be closed."""

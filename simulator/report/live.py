"""The run on a terminal: a tree of jobs and steps that is drawn again as it changes, then the report.

Fits the terminal: finished jobs are one line, and where room is short the log goes first, then steps that ended, then
jobs that wait. With `verbose` every line of every step scrolls by above the tree, in its colours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from simulator.report.go_no_go import report
from simulator.report.layout import line, show
from simulator.report.sections import styled_mark
from simulator.report.state import JobState, RunState, StepState, advance
from simulator.report.words import duration, last_lines, log_lines, plural, trigger, without_escapes
from simulator.run_events import Conclusion, ReviewEnded, ReviewRequested, RunEvent, RunFinished, StepLine

if TYPE_CHECKING:
    from simulator.paths import RunFolder

MOST_LOG_LINES: Final = 8  # of each running step
_PER_SECOND: Final = 8
_TIME: Final = 12  # columns kept free for a time


class LiveRenderer:
    """Draws on a terminal; `close` takes the tree away and prints the report."""

    def __init__(
        self,
        stream: TextIO,
        *,
        verbose: bool = False,
        folder: RunFolder | None = None,
        clock: Callable[[], float] = time.time,
        console: Console | None = None,
    ) -> None:
        self._console = console or Console(file=stream, highlight=False)
        self._verbose = verbose
        self._folder = folder
        self._clock = clock
        self._state = RunState()
        self._closed = self._asking = False
        self._live = self._drawing()

    def __call__(self, event: RunEvent, /) -> None:
        self._state = advance(self._state, event)
        if isinstance(event, (ReviewRequested, ReviewEnded)):
            self._asking = isinstance(event, ReviewRequested)  # whoever is asked must see the question
            if not self._asking:
                self._live = self._drawing()  # the old one would wipe what was asked
        if self._asking or isinstance(event, RunFinished):
            self._live.stop()
        elif not self._live.is_started and self._state.finished is None:
            self._live.start()
        if self._verbose and isinstance(event, StepLine):
            self._log(event)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._live.stop()
        if self._state.finished is not None:
            show(report(self._state, self._console, folder=self._folder, whole=self._verbose), self._console)

    def _drawing(self) -> Live:
        return Live(
            console=self._console,
            get_renderable=self._frame,
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _log(self, event: StepLine) -> None:
        name = without_escapes(self._state.jobs[event.job_id].name) if event.job_id in self._state.jobs else ""
        for text in log_lines(event, colours=True):
            self._console.print(Text.assemble((f"{name} | ", "dim"), Text.from_ansi(text)), soft_wrap=True)

    def _frame(self) -> Group:
        width, height = self._console.size
        return Group(*frame(self._state, self._clock(), width, height - 1))


def frame(state: RunState, now: float, width: int, height: int) -> list[Text]:
    """The tree as at most `height` lines of at most `width` columns."""
    for log, ended, waiting in ((MOST_LOG_LINES, True, True), (3, True, True), (3, False, True), (1, False, False)):
        rows = [*_heading(state), *_tree(state, now, width, log=log, ended=ended, waiting=waiting)]
        if len(rows) <= height:
            break
    else:
        rows = [*rows[: max(height - 1, 0)], line((f"{len(rows) - height + 1} more lines", "dim")).text]
    for row in rows:
        row.no_wrap, row.overflow = True, "ellipsis"
        row.truncate(width, overflow="ellipsis")
    return rows[:height]


def _heading(state: RunState) -> list[Text]:
    rows = []
    if started := state.started:
        rows.append(line(("pysim", "bold"), f"  {trigger(started)} in {started.repository}").text)
    if engine := state.engine:
        rows.append(line(f"engine {engine.engine}, image {engine.image}").text)
    if state.progress:
        rows.append(line((state.progress, "cyan")).text)
    return rows


def _tree(
    state: RunState,
    now: float,
    width: int,
    *,
    log: int,
    ended: bool,
    waiting: bool,
) -> list[Text]:
    rows: list[Text] = []
    hidden = 0
    for job in state.jobs.values():
        if job.running:
            rows.append(
                _timed(Text.assemble(("..    ", "yellow"), _words(job.name, "bold")), job.started_at, now, width)
            )
            rows += _steps(job, now, width, log=log, ended=ended)
        elif job.conclusion is not None:
            rows.append(_ended_job(job, width))
        elif waiting:
            needs = f"  after {', '.join(job.needs)}" if job.needs else ""
            rows.append(Text.assemble("      ", _words(f"{job.name}{needs}", "dim")))
        else:
            hidden += 1
    if hidden:
        rows.append(line((f"      {plural(hidden, 'job')} more to come", "dim")).text)
    return rows


def _ended_job(job: JobState, width: int) -> Text:
    mark, style = styled_mark(job.conclusion or Conclusion.CANCELLED)
    reason = f"  {job.reason}" if job.reason else ""
    text = Text.assemble((f"{mark:6}", style), _words(job.name, "bold"), _words(reason, "dim"))
    return _timed(text, job.started_at, job.finished_at, width)


def _steps(job: JobState, now: float, width: int, *, log: int, ended: bool) -> list[Text]:
    done = [step for step in job.steps.values() if step.conclusion is not None]
    shown: Sequence[StepState] = [s for s in job.steps.values() if ended or s.conclusion in {None, Conclusion.FAILURE}]
    rows = [] if ended or not done else [line((f"      {plural(len(done), 'step')} done", "dim")).text]
    for step in shown:
        if step.conclusion is None:
            rows.append(
                _timed(Text.assemble("      ", ("..   ", "yellow"), _words(step.name)), step.started_at, now, width)
            )
            rows += [line(("           | ", "dim"), (text, "dim")).text for text in last_lines(step.lines, log)]
        else:
            mark, style = styled_mark(step.conclusion)
            text = Text.assemble("      ", (f"{mark:5}", style), _words(step.name))
            rows.append(_timed(text, step.started_at, step.finished_at, width))
    return rows


def _words(text: str, style: str = "") -> Text:
    return line((text, style)).text


def _timed(text: Text, start: float | None, end: float | None, width: int) -> Text:
    """The text with a time at the right edge of the column that it shares with its neighbours."""
    if start is None or end is None:
        return text
    edge = min(width, 80) - _TIME
    text.truncate(max(edge, 8), overflow="ellipsis", pad=True)
    text.append(f"{duration(max(end - start, 0.0)):>{_TIME}}")
    return text

"""The run on a terminal: a tree of jobs and steps that is drawn again as it changes, then the report.

Fits the terminal, on a screen of its own, so that nothing of it is left when its size changes. Running jobs are always
visible: where room is short the logs go first, then steps that ended, jobs that wait and jobs that ended well. With
`verbose` every line of every step scrolls by above the tree, in its colours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from simulator.report.go_no_go import report
from simulator.report.layout import line, show
from simulator.report.sections import styled_mark
from simulator.report.state import Fold, JobState, RunState, StepState
from simulator.report.words import (
    clock_time,
    cut_middle,
    duration,
    last_lines,
    log_lines,
    plural,
    trigger,
    without_escapes,
)
from simulator.run_events import Conclusion, ReviewEnded, ReviewRequested, RunEvent, RunFinished, StepLine

if TYPE_CHECKING:
    from simulator.paths import RunFolder

MOST_LOG_LINES: Final = 8  # of each running step
_PER_SECOND: Final = 4
_EDGE: Final = 80  # columns that times stand within
_TIME: Final = 12  # columns kept free for a time
_SHORTEST: Final = 12  # columns of a name that is cut
_WELL: Final = frozenset({Conclusion.SUCCESS, Conclusion.SKIPPED})


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
        self._fold = Fold()
        self._closed = self._asking = False
        self._live = self._drawing()

    def __call__(self, event: RunEvent, /) -> None:
        self._fold(event)
        if isinstance(event, (ReviewRequested, ReviewEnded)):
            self._asking = isinstance(event, ReviewRequested)  # whoever is asked must see the question
            if not self._asking:
                self._live = self._drawing()  # the old one would wipe what was asked
        if self._asking or isinstance(event, RunFinished):
            self._live.stop()
        elif not self._live.is_started and self._fold.state.finished is None:
            self._live.start()
        if self._verbose and isinstance(event, StepLine):
            self._log(event)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._live.stop()
        state = self._fold.state
        if state.finished is not None:
            show(report(state, self._console, folder=self._folder, whole=self._verbose), self._console)

    def _drawing(self) -> Live:
        return Live(
            console=self._console,
            get_renderable=self._frame,
            refresh_per_second=_PER_SECOND,
            screen=not self._verbose,  # a tree that has scrolled by cannot be drawn again
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _log(self, event: StepLine) -> None:
        jobs = self._fold.state.jobs
        name = without_escapes(jobs[event.job_id].name) if event.job_id in jobs else ""
        for text in log_lines(event, colours=True):
            self._console.print(Text.assemble((f"{name} | ", "dim"), Text.from_ansi(text)), soft_wrap=True)

    def _frame(self) -> Group:
        width, height = self._console.size
        return Group(*frame(self._fold.state, self._clock(), width, height - 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Detail:
    """How much is shown: lines of each running step's log, steps, jobs that wait, and jobs that ended well.

    With `single` a running job is one line: its step and the last line of it.
    """

    log: int
    steps: bool = True
    waiting: bool = True
    ended: bool = True
    single: bool = False


_DETAILS: Final = (
    _Detail(log=MOST_LOG_LINES),
    _Detail(log=3),
    _Detail(log=1, steps=False),
    _Detail(log=1, steps=False, waiting=False),
    _Detail(log=1, steps=False, waiting=False, ended=False),
    _Detail(log=1, steps=False, waiting=False, ended=False, single=True),
)


def frame(state: RunState, now: float, width: int, height: int) -> list[Text]:
    """The tree as at most `height` lines of at most `width` columns."""
    rows: list[Text] = []
    running = sum(job.running for job in state.jobs.values())
    for detail in (each for each in _DETAILS if running * (1 if each.single else 2) <= height):
        drawn = chain(_heading(state, now, width), _tree(state, now, width, detail))
        rows = list(islice(drawn, height + 1))
        if len(rows) <= height:
            break
    else:
        rows = _fitted(state, now, width, height)
    for row in rows:
        row.no_wrap, row.overflow = True, "ellipsis"
        row.truncate(width, overflow="ellipsis")
    return rows[:height]


def _fitted(state: RunState, now: float, width: int, height: int) -> list[Text]:
    """What is most worth the lines: the count, then the running jobs, as many as fit."""
    first, *_ = [*_heading(state, now, width), Text()]
    running = [job for job in state.jobs.values() if job.running]
    room = max(height - 1, 0)
    shown = running if len(running) <= room else running[: max(room - 1, 0)]
    rows = [row for job in shown for row in _running(job, now, width, _DETAILS[-1])]
    if shown is running:
        failed = (job for job in state.jobs.values() if job.conclusion is Conclusion.FAILURE)
        return [first, *(_ended_job(job, width) for job in islice(failed, room - len(rows))), *rows]
    return [first, *rows, line((f"..    {plural(len(running) - len(shown), 'more job')} running", "dim")).text]


def _heading(state: RunState, now: float, width: int) -> list[Text]:
    rows = []
    if started := state.started:
        text = line(("pysim", "bold"), f"  {trigger(started)} in {started.repository}").text
        rows.append(_at_edge(text, _count(state, now), width))
    if engine := state.engine:
        rows.append(line(f"engine {engine.engine}, image {engine.image}").text)
    if state.progress:
        rows.append(line((state.progress, "cyan")).text)
    return rows


def _count(state: RunState, now: float) -> str:
    """`7 of 30 jobs, 1:42`."""
    ended = sum(job.conclusion is not None for job in state.jobs.values())
    time_ = clock_time(max(now - state.started.at, 0.0)) if state.started else ""
    return f"{ended} of {plural(len(state.jobs), 'job')}, {time_}" if state.jobs else time_


def _tree(state: RunState, now: float, width: int, detail: _Detail) -> Iterator[Text]:
    jobs = list(state.jobs.values())
    well = [job for job in jobs if job.conclusion in _WELL]
    waiting = [job for job in jobs if not job.running and job.conclusion is None]
    if not detail.ended and well:
        yield line(("ok    ", "green"), (f"{plural(len(well), 'job')} ended well or were skipped", "dim")).text
    for job in jobs:
        if job.running:
            yield from _running(job, now, width, detail)
        elif job.conclusion is not None:
            if detail.ended or job.conclusion not in _WELL:
                yield _ended_job(job, width)
        elif detail.waiting:
            needs = f"  after {', '.join(job.needs)}" if job.needs else ""
            yield Text.assemble("      ", _words(f"{job.name}{needs}", "dim"))
    if waiting and not detail.waiting:
        yield line((f"      {plural(len(waiting), 'job')} more to come", "dim")).text


def _running(job: JobState, now: float, width: int, detail: _Detail) -> list[Text]:
    mark = ("..    ", "yellow")
    step = next((step for step in reversed(list(job.steps.values())) if step.conclusion is None), None)
    if not detail.single or step is None:
        name = Text.assemble(mark, _words(cut_middle(job.name, _room(width)), "bold"))
        steps = [] if detail.single else _steps(job, now, width, detail)
        return [_timed(name, job.started_at, now, width), *steps]
    said = (last_lines(step.lines, 1) or [""])[-1].strip()
    names = (cut_middle(job.name, _room(width) * 3 // 5), cut_middle(step.name, _room(width) // 6))
    text = Text.assemble(mark, _words(names[0], "bold"), _words(f"  {names[1]}"), _words(f"  {said}", "dim"))
    return [_timed(text, step.started_at, now, width)]


def _ended_job(job: JobState, width: int) -> Text:
    mark, style = styled_mark(job.conclusion or Conclusion.CANCELLED)
    reason = f"  {job.reason}" if job.reason else ""
    name = cut_middle(job.name, _room(width))
    text = Text.assemble((f"{mark:6}", style), _words(name, "bold"), _words(reason, "dim"))
    return _timed(text, job.started_at, job.finished_at, width)


def _steps(job: JobState, now: float, width: int, detail: _Detail) -> list[Text]:
    done = [step for step in job.steps.values() if step.conclusion is not None]
    shown: Iterable[StepState] = (
        step for step in job.steps.values() if detail.steps or step.conclusion in {None, Conclusion.FAILURE}
    )
    rows = [] if detail.steps or not done else [line((f"      {plural(len(done), 'step')} done", "dim")).text]
    for step in shown:
        name = _words(cut_middle(step.name, _room(width) - 5))
        if step.conclusion is None:
            rows.append(_timed(Text.assemble("      ", ("..   ", "yellow"), name), step.started_at, now, width))
            rows += [line(("           | ", "dim"), (text, "dim")).text for text in last_lines(step.lines, detail.log)]
        else:
            mark, style = styled_mark(step.conclusion)
            text = Text.assemble("      ", (f"{mark:5}", style), name)
            rows.append(_timed(text, step.started_at, step.finished_at, width))
    return rows


def _words(text: str, style: str = "") -> Text:
    return line((text, style)).text


def _room(width: int) -> int:
    """Columns for a job's name."""
    return max(min(width, _EDGE) - _TIME - 6, _SHORTEST)


def _timed(text: Text, start: float | None, end: float | None, width: int) -> Text:
    """The text with a time at the right edge of the column that it shares with its neighbours."""
    if start is None or end is None:
        return text
    return _at_edge(text, duration(max(end - start, 0.0)), width)


def _at_edge(text: Text, words: str, width: int) -> Text:
    room = max(len(words) + 2, _TIME)
    text.truncate(max(min(width, _EDGE) - room, 8), overflow="ellipsis", pad=True)
    text.append(f"{words:>{room}}")
    return text

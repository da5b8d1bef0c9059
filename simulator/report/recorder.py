"""The record of a run in its folder: `events.jsonl`, log and summary of each step, and `summary.json` at the end.

May be called from several threads. Every line is flushed when it is written, so a killed run leaves a record that can
be read.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from simulator.errors import UsageError
from simulator.paths import RunFolder
from simulator.report.codec import dump
from simulator.report.state import RunState, advance
from simulator.report.summary import summary
from simulator.report.words import file_lines
from simulator.run_events import RunEvent, StepFinished, StepLine, StepStarted, StepSummary
from simulator.safe_files import naming, open_folder, open_to_append, replacing


class Recorder:
    """Writes into a run folder; `close` writes the summary. Raises UsageError when the folder cannot be written."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._state = RunState()
        self._logs: dict[tuple[str, int], TextIO] = {}
        self._closed = False
        with self._writing():
            self._events = self._appending(folder.events, encoding="ascii")

    @property
    def state(self) -> RunState:
        """What is known of the run so far, but for the lines of its logs."""
        return self._state

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock, self._writing():
            if self._closed:
                return
            if not isinstance(event, StepLine):
                self._state = advance(self._state, event)
            self._events.write(f"{dump(event)}\n")
            self._events.flush()
            self._log(event)

    def close(self) -> None:
        """Write the summary of a run that has its verdict. Safe to call twice."""
        with self._lock, self._writing():
            if self._closed:
                return
            self._closed = True
            with contextlib.ExitStack() as streams:
                for stream in (self._events, *self._logs.values()):
                    streams.callback(stream.close)
            if (result := summary(self._state)) is not None:
                with replacing(self._folder.summary) as file:
                    file.write(json.dumps(result, indent=2) + "\n")

    def _log(self, event: RunEvent) -> None:
        if isinstance(event, StepStarted):
            self._log_of(event.job_id, event.number)
        elif isinstance(event, StepLine):
            stream = self._log_of(event.job_id, event.number)
            stream.write("".join(f"{line}\n" for line in file_lines(event)))
            stream.flush()
        elif isinstance(event, StepSummary):
            path = self._folder.step_summary(event.job_id, event.number, self._step_name(event.job_id, event.number))
            with self._appending(path) as file:  # steps of a composite action
                file.write(f"{event.markdown.rstrip()}\n")
        elif isinstance(event, StepFinished) and (log := self._logs.pop((event.job_id, event.number), None)):
            log.close()

    def _log_of(self, job_id: str, number: int) -> TextIO:
        stream = self._logs.get((job_id, number))
        if stream is None:
            path = self._folder.log(job_id, number, self._step_name(job_id, number))
            stream = self._logs[job_id, number] = self._appending(path)
        return stream

    def _appending(self, path: Path, encoding: str = "utf-8") -> TextIO:
        """A file of the run's folder to be written on; neither it nor a folder on the way to it is a link."""
        *below, name = path.relative_to(self._folder.path).parts
        with naming(path), open_folder(self._folder.path, *below, make=True) as folder:
            return os.fdopen(open_to_append(folder, name), "a", encoding=encoding, errors="replace", newline="\n")

    def _step_name(self, job_id: str, number: int) -> str:
        job = self._state.jobs.get(job_id)
        return job.steps[number].name if job and number in job.steps else f"step {number}"

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"Cannot write the record of the run, {error.filename or self._folder.path}: {error.strerror}"
            raise UsageError(message, hint="Make room or make the folder writable, then run again.") from error

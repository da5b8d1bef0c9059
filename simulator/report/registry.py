"""The renderers by name, and the fan-out of events to all who listen. The one module that names concrete renderers."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, Self, TextIO

from simulator.errors import UsageError
from simulator.paths import RunFolder
from simulator.run_events import RunEvent, RunFinished

RendererName = Literal["auto", "live", "plain", "json", "report"]


class Renderer(Protocol):
    """Shows a run. Gets its events one at a time, in order; `close` ends it, may be called twice, and reports."""

    def __call__(self, event: RunEvent, /) -> None: ...

    def close(self) -> None:
        """Show what is shown at the end: the report, or the summary."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderOptions:
    """Where to write, whether every line of every step is wanted, and where the record of the run is now.

    That is None where it is where the run made it. `add` is what else belongs into a summary.
    """

    stream: TextIO
    verbose: bool = False
    folder: RunFolder | None = None
    add: Callable[[RunFinished], Mapping[str, object]] = lambda _: {}


RendererFactory = Callable[[RenderOptions], Renderer]


def _auto(options: RenderOptions) -> Renderer:
    return _live(options) if is_live_terminal(options.stream) else _plain(options)


def _live(options: RenderOptions) -> Renderer:
    from simulator.report.live import LiveRenderer

    return LiveRenderer(options.stream, verbose=options.verbose, folder=options.folder)


def _plain(options: RenderOptions) -> Renderer:
    from simulator.report.plain import PlainRenderer

    return PlainRenderer(options.stream, verbose=options.verbose, folder=options.folder)


def _json(options: RenderOptions) -> Renderer:
    from simulator.report.jsonl import JsonRenderer

    return JsonRenderer(options.stream, options.add)


def _report(options: RenderOptions) -> Renderer:
    from simulator.report.final import ReportRenderer

    return ReportRenderer(options.stream, folder=options.folder)


RENDERERS: Final[Mapping[RendererName, RendererFactory]] = {
    "auto": _auto,
    "live": _live,
    "plain": _plain,
    "json": _json,
    "report": _report,
}


def is_live_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal on which lines can be drawn again."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}


def open_renderer(
    name: RendererName,
    stream: TextIO,
    *,
    verbose: bool = False,
    folder: RunFolder | None = None,
    add: Callable[[RunFinished], Mapping[str, object]] = lambda _: {},
) -> Renderer:
    """The renderer of that name; what the stream's encoding lacks is written as escapes."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return RENDERERS[name](RenderOptions(stream=stream, verbose=verbose, folder=folder, add=add))


class Broadcast:
    """Hands every event to all sinks, from any thread, to all in the same order. A context manager.

    A sink that fails is left out from then on and does not stop the run; `close` closes all and raises the first
    failure. That a reader has gone (`| head`) is none.
    """

    def __init__(self, sinks: Sequence[Renderer]) -> None:
        self._sinks = list(sinks)
        self._lock = threading.RLock()
        self._failure: Exception | None = None

    def __call__(self, event: RunEvent, /) -> None:
        with self._lock:
            for sink in tuple(self._sinks):
                self._guard(sink, functools.partial(sink, event))

    def close(self) -> None:
        """Close all sinks in order. Safe to call twice."""
        with self._lock:
            for sink in tuple(self._sinks):
                self._guard(sink, sink.close)
            self._sinks.clear()
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _guard(self, sink: Renderer, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised by `close`; a full disk must not fail a job
            self._failure = self._failure or _failure_of(error)
            self._sinks.remove(sink)
            with contextlib.suppress(Exception):
                sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _failure_of(error: Exception) -> Exception | None:
    if isinstance(error, BrokenPipeError):
        return None
    if isinstance(error, OSError):
        hint = "The record of the run lies in its folder all the same; make room, or write elsewhere."
        return UsageError(f"Cannot write the output: {error.strerror}", hint=hint)
    return error


def broadcast(sinks: Sequence[Renderer]) -> Broadcast:
    """One sink for several: the recorder first, so that the record holds what was shown."""
    return Broadcast(sinks)

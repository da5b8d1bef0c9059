"""What a step would do for real: uploads end at a stand-in of their own, and what no stand-in takes is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from simulator.engines.base import LAYOUT
from simulator.planning.uploads import Destination, foreign
from simulator.runner.not_rehearsed import publishes_elsewhere, writes_outside
from simulator.runner.step import StepNotRehearsedError, StepRun


def hold_writes(said: Iterable[str]) -> None:
    """Pass over a step that would write for real. Raises StepNotRehearsedError."""
    for each in said:
        raise StepNotRehearsedError(writes_outside(each))


def take_uploads(run: StepRun, destinations: Iterable[Destination]) -> None:
    """Let stand-ins take what the step uploads to other indexes.

    A name that the tool's settings do not have may still be known to the tool, and lead anywhere: such a step is passed
    over. Raises StepNotRehearsedError.
    """
    found = tuple(destinations)
    for each in found:
        if each.is_unknown_name:
            raise StepNotRehearsedError(publishes_elsewhere(each.said, each.tool))
    for each in foreign(found):
        run.job.settings.twins.take_uploads(each.host)


def reader(run: StepRun, folder: PurePosixPath) -> Callable[[str], bytes | None]:
    """Reads files of the sandbox by their paths from a folder, or from the home folder (`~/`)."""

    def read(name: str) -> bytes | None:
        path = LAYOUT.home / name[2:] if name.startswith("~/") else folder / name
        try:
            return run.job.sandbox.read(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    return read

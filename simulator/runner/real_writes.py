"""What a step would do for real: uploads end at a stand-in of their own, and what no stand-in takes is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from simulator.engines.base import LAYOUT
from simulator.planning.uploads import Destination, foreign
from simulator.runner.step import StepError, StepRun


def hold_writes(said: Iterable[str]) -> None:
    """Hold a step that would write for real: one in an action, or one that no one could see through before."""
    for each in said:
        raise StepError(f"This step {each}. pysim does not stand in for that, so a rehearsal would do it for real.")


def take_uploads(run: StepRun, destinations: Iterable[Destination]) -> None:
    """Let stand-ins take what the step uploads to other indexes. Raises StepError for one whose address is not known.

    A name that the tool's settings do not have may still be known to the tool.
    """
    found = tuple(destinations)
    for each in found:
        if each.is_unknown_name:
            raise StepError(
                f"This step uploads to the index {each.said}, which none of the settings of {each.tool} name that "
                "pysim reads: it could be a real release."
            )
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

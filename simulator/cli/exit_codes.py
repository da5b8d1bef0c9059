"""From a verdict to the exit code of a command: the one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from simulator.errors import ExitCode
from simulator.run_events import Verdict

_CODES: Final[Mapping[Verdict, ExitCode]] = {
    Verdict.GO: ExitCode.GO,
    Verdict.NO_GO: ExitCode.NO_GO,
    Verdict.NOT_REHEARSED: ExitCode.NOT_REHEARSED,
    Verdict.NOTHING_PUBLISHED: ExitCode.GO,
    Verdict.PAUSED: ExitCode.PAUSED,
}


class Judged(Protocol):
    """What has a verdict; a no-go is `refused` where a protection rule kept a job out."""

    @property
    def verdict(self) -> Verdict: ...

    @property
    def refused(self) -> bool: ...


def exit_code(judged: Judged) -> ExitCode:
    """The exit code for a verdict."""
    return ExitCode.REFUSED if judged.refused else _CODES[judged.verdict]


def with_exit_code(judged: Judged) -> Mapping[str, object]:
    """What the command line adds to the summary of a run."""
    return {"exitCode": int(exit_code(judged))}

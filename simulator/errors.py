"""What stops the simulator, each kind with its exit code.

A failing workflow step is a result and none of these; `cli.main` is the one place that turns an error into an exit.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.diagnostics import Diagnostic
    from simulator.remedies import Remedy


class ExitCode(enum.IntEnum):
    """The exit codes of every `pysim` command."""

    GO = 0
    NO_GO = 1
    USAGE = 2
    INVALID_WORKFLOW = 3
    NO_ENGINE = 4
    REFUSED = 5
    NOT_REHEARSED = 6
    PAUSED = 77
    INTERRUPTED = 130


class SimulatorError(Exception):
    """The simulator cannot go on; `hint` says what to do about it, `remedies` what of that pysim can be asked for."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str, remedies: Sequence[Remedy] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.remedies = tuple(remedies)


class UsageError(SimulatorError):
    """An argument, an option or the repository is not what the command needs."""


class ConfigurationError(SimulatorError):
    """`pysim.toml` or `[tool.pysim]` says something that pysim cannot take."""


class InvalidWorkflowError(SimulatorError):
    """A workflow file is not one that GitHub would run; `diagnostics` holds every problem found.

    `sources` holds the text of the files that the diagnostics name, as far as it is at hand.
    """

    exit_code = ExitCode.INVALID_WORKFLOW

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        diagnostics: Sequence[Diagnostic] = (),
        sources: Mapping[str, str] | None = None,
        remedies: Sequence[Remedy] = (),
    ) -> None:
        super().__init__(message, hint=hint, remedies=remedies)
        self.diagnostics = tuple(diagnostics)
        self.sources = dict(sources or {})


class CancelledError(SimulatorError):
    """Whoever asked for an operation cancelled it."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("The operation was cancelled.", hint="What was recorded until then is kept.")


class EngineUnavailableError(SimulatorError):
    """No engine can open a sandbox here."""

    exit_code = ExitCode.NO_ENGINE


class EngineError(SimulatorError):
    """An engine broke in the middle of its work."""

    exit_code = ExitCode.NO_ENGINE


class TwinError(SimulatorError):
    """A local stand-in could not do its work."""


class ProcessError(SimulatorError):
    """A program that the simulator itself needs is missing or failed."""

"""Why an action cannot be run: each kind of reason that the user can do something about."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.diagnostics import Diagnostic
from simulator.errors import ExitCode, SimulatorError
from simulator.remedies import Act, remedy


class UnknownActionError(SimulatorError):
    """pysim cannot run an action: it is nowhere, or pysim refuses it for a reason."""


class RefusedActionError(UnknownActionError):
    """pysim has the action or could have it, and does not run it, for a reason."""


class MissingOfflineError(UnknownActionError):
    """What is asked for has not been fetched before, and nothing may be fetched now; `missing` are `owner/repo@ref`."""

    def __init__(self, *missing: str) -> None:
        super().__init__(
            f"Offline, and not on this machine: {', '.join(missing)}",
            hint="Run once online, which fetches it, or name a copy of the repository on this machine.",
            remedies=(remedy(Act.GO_ONLINE), *(remedy(Act.USE_COPY, each) for each in missing)),
        )
        self.missing = missing


class UnreachableError(UnknownActionError):
    """The network, or the server behind it, does not answer."""


class ActionManifestError(SimulatorError):
    """An action has no manifest, or a broken one; `diagnostics` holds every problem found."""

    exit_code = ExitCode.NO_GO

    def __init__(self, message: str, *, hint: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)

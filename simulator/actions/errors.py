"""Why an action cannot be run: each kind of reason that the user can do something about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.diagnostics import Diagnostic, Severity
from simulator.errors import ExitCode, SimulatorError
from simulator.remedies import Act, remedy

NOT_REHEARSED: Final = "action-not-rehearsed"
"""The code of what is found of an action that pysim does not run: no fault of the workflow."""


class UnknownActionError(SimulatorError):
    """There is no such action, so GitHub does not find it either."""


class NoRepositoryError(UnknownActionError):
    """There is no such repository, or none that may be seen from here."""


class UnavailableActionError(SimulatorError):
    """There may be such an action, and pysim does not run it: a release is not rehearsed where it is used."""


class RefusedActionError(UnavailableActionError):
    """pysim has the action or could have it, and does not run it, for a reason."""


class MissingOfflineError(UnavailableActionError):
    """What is asked for has not been fetched before, and nothing may be fetched now; `missing` are `owner/repo@ref`."""

    def __init__(self, *missing: str) -> None:
        super().__init__(
            f"Offline, and not on this machine: {', '.join(missing)}",
            hint="Run once online, which fetches it, or name a copy of the repository on this machine.",
            remedies=(remedy(Act.GO_ONLINE), *(remedy(Act.USE_COPY, each) for each in missing)),
        )
        self.missing = missing


class UnreachableError(UnavailableActionError):
    """The network, or the server behind it, does not answer."""


class ActionManifestError(SimulatorError):
    """An action has no manifest, or a broken one; `diagnostics` holds every problem found."""

    exit_code = ExitCode.NO_GO

    def __init__(self, message: str, *, hint: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)

    @property
    def is_of_pysim(self) -> bool:
        """Whether GitHub would take the manifest, and pysim alone cannot carry it out."""
        errors = [each for each in self.diagnostics if each.severity is Severity.ERROR]
        return bool(errors) and all(each.code == "unsupported" for each in errors)

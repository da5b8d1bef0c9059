"""What a step is passed over for: pysim cannot do it here, or it would be done for real."""

from __future__ import annotations

from typing import Final

from simulator.actions.errors import NOT_REHEARSED
from simulator.actions.model import Manifest, Reference, ResolvedAction, UnavailableRuns
from simulator.actions.scripts import BUILTIN_FOLDER
from simulator.findings import Finding, Severity
from simulator.remedies import Act, Remedy, remedy

DOCKER_HINT: Final = "Start Docker, and use the docker engine."
_YOURSELF: Final = "See to it yourself that the step would go well; then accept that it is not rehearsed."


def unavailable(reference: Reference, runs: UnavailableRuns) -> ResolvedAction:
    """Stands for an action that pysim does not run."""
    manifest = Manifest(name=str(reference), inputs={}, outputs={}, runs=runs)
    return ResolvedAction(reference=reference, manifest=manifest, folder=BUILTIN_FOLDER, builtin=True)


def action_not_rehearsed(reference: Reference, runs: UnavailableRuns) -> Finding:
    """The finding where a step uses such an action."""
    said = runs.why if str(reference) in runs.why else f"{reference}: {runs.why}"
    return _finding(NOT_REHEARSED, said, runs.hint, *runs.remedies)


def writes_outside(said: str) -> Finding:
    """The finding for a step that would write for real, such as "runs npm publish, which publishes to a registry"."""
    message = f"A step {said}, and pysim does not stand in for that: a rehearsal would do it for real"
    return _finding("writes-outside", message, _YOURSELF, remedy(Act.ACCEPT_FINDING, "writes-outside"))


def publishes_elsewhere(name: str, tool: str) -> Finding:
    """The finding for a step that uploads to an index by a name of which no address is known."""
    message = (
        f"A step uploads to the index {name}, to which none of the settings of {tool} that pysim reads gives an "
        "address: it could be a real release"
    )
    return _finding("publishes-elsewhere", message, "Give the address with the name, or beside it.")


def _finding(code: str, message: str, hint: str, *remedies: Remedy) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message, hint=hint, remedies=remedies)

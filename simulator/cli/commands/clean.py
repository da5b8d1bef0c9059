"""`pysim clean`: removes what runs left behind, and what the user names besides; nothing else."""

from __future__ import annotations

from collections.abc import Callable

from simulator.errors import ExitCode
from simulator.operations.clean import CleanRequest
from simulator.operations.clean import clean as removed_by


def clean(request: CleanRequest, say: Callable[[str], None]) -> ExitCode:
    """Remove, and say what was removed."""
    removed = removed_by(request)
    if request.adopt:
        say("What is in .pysim/ counts as your own.")
    for what in removed:
        say(f"removed {what}")
    if not removed:
        say("There was nothing to remove.")
    return ExitCode.GO

"""`pysim image build`: the image that jobs run in."""

from __future__ import annotations

from collections.abc import Callable

from simulator.cli.interrupts import interrupted_once
from simulator.errors import ExitCode
from simulator.operations.engines import build_image as built


def build_image(say: Callable[[str], None]) -> ExitCode:
    """Build the image of the docker engine, once per content. Raises SimulatorError."""
    with interrupted_once():
        name = built(say)
    say(f"The image is {name}.")
    return ExitCode.GO

"""`pysim image build`: the image that jobs run in."""

from __future__ import annotations

from collections.abc import Callable

from simulator.cli.interrupts import interrupted_once
from simulator.engines.registry import ENGINES
from simulator.errors import ExitCode


def build_image(say: Callable[[str], None]) -> ExitCode:
    """Build the image of the docker engine, once per content. Raises SimulatorError."""
    engine = ENGINES["docker"]()
    engine.check()
    with interrupted_once():
        engine.prepare(say)
    say(f"The image is {engine.image}.")
    return ExitCode.GO

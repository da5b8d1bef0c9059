"""`pysim engine`: which engines answer here."""

from __future__ import annotations

from collections.abc import Callable

from simulator.engines.registry import ENGINES, choose
from simulator.errors import EngineUnavailableError, ExitCode


def show_engines(say: Callable[[str], None]) -> ExitCode:
    """Say of each engine whether it answers, and which one `auto` takes."""
    answered = False
    for name, make in ENGINES.items():
        try:
            say(f"{name}: {make().check()}")
            answered = True
        except EngineUnavailableError as error:
            say(f"{name}: not available: {error}\n  hint: {error.hint}")
    if not answered:
        return ExitCode.NO_ENGINE
    engine, reason = choose("auto")
    say(f"auto takes {engine.name}: {reason}")
    return ExitCode.GO

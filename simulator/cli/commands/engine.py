"""`pysim engine`: which engines answer here."""

from __future__ import annotations

from collections.abc import Callable

from simulator.cli.remedies import hint_of
from simulator.errors import ExitCode
from simulator.operations.engines import engines
from simulator.paths import as_written


def show_engines(say: Callable[[str], None]) -> ExitCode:
    """Say of each engine whether it answers, and which one `auto` takes."""
    found = engines()
    for each in found.answers:
        if each.error is None:
            say(f"{each.name}: {each.answer}")
        else:
            say(f"{each.name}: not available: {each.error}\n  hint: {hint_of(each.error)}")
    if found.chosen is not None:
        say("auto takes {}: {}".format(*found.chosen))
    say("facts, by the day on which they were looked up:")
    for file in found.facts:
        own = f" ({as_written(file.own)})" if file.own else ""
        older = f"; {as_written(file.own)} is older, and not used" if file.own and file.ignored else ""
        say(f"  {file.name} {file.retrieved}{older or own}")
    if found.chosen is None:
        return ExitCode.NO_ENGINE
    return ExitCode.GO

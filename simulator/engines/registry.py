"""The engines by name, and which one a run takes. The only module that names them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from simulator.engines.base import Engine, EngineName
from simulator.engines.docker_engine import DockerEngine
from simulator.engines.local_engine import LocalEngine
from simulator.errors import EngineUnavailableError

EngineChoice = Literal["auto", "docker", "local"]
# In the order in which `auto` asks.
ENGINES: Mapping[EngineName, Callable[[], Engine]] = {"docker": DockerEngine, "local": LocalEngine}


def choose(name: EngineChoice) -> tuple[Engine, str]:
    """The engine of that name, or with `auto` the first that answers; and why it is this one, in a few words.

    Raises EngineUnavailableError when it, or with `auto` none of them, answers.
    """
    if name != "auto":
        engine = ENGINES[name]()
        return engine, f"{name}, as asked: {engine.check()}"
    refusals: list[EngineUnavailableError] = []
    for each, make in ENGINES.items():
        engine = make()
        try:
            answer = engine.check()
        except EngineUnavailableError as refusal:
            refusals.append(refusal)
            continue
        because = "".join(f" ({refusal})" for refusal in refusals)
        return engine, f"{each}: {answer}{because}"
    raise EngineUnavailableError(
        "No engine can run jobs here: " + "; ".join(map(str, refusals)),
        hint=" Or: ".join(refusal.hint for refusal in refusals),
    )

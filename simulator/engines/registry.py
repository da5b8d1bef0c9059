"""The engines by name, and which one a run takes. The only module that names them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from simulator.engines.base import Engine, EngineName
from simulator.errors import EngineUnavailableError

EngineChoice = Literal["auto", "docker", "local"]


def _docker() -> Engine:
    from simulator.engines.docker_engine import DockerEngine  # a library that the local engine need not wait for

    return DockerEngine()


def _local() -> Engine:
    from simulator.engines.local_engine import LocalEngine

    return LocalEngine()


# In the order in which `auto` asks.
ENGINES: Mapping[EngineName, Callable[[], Engine]] = {"docker": _docker, "local": _local}


def docker_answers() -> bool:
    """Whether the Docker engine can be used."""
    try:
        ENGINES["docker"]().check()
    except EngineUnavailableError:
        return False
    return True


def choose(name: EngineChoice) -> tuple[Engine, str]:
    """The engine of that name, or with `auto` the first that answers; and why it is this one, in a few words.

    Raises EngineUnavailableError when it, or with `auto` none of them, answers.
    """
    if name != "auto":
        engine = ENGINES[name]()
        return engine, f"{engine.check()}, as asked"
    refusals: list[EngineUnavailableError] = []
    for make in ENGINES.values():
        engine = make()
        try:
            answer = engine.check()
        except EngineUnavailableError as refusal:
            refusals.append(refusal)
            continue
        return engine, answer + "".join(f" ({refusal})" for refusal in refusals)
    raise EngineUnavailableError(
        "No engine can run jobs here: " + "; ".join(map(str, refusals)),
        hint=refusals[-1].hint,
        remedies=refusals[-1].remedies,
    )

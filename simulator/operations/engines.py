"""The engines of this machine: which answer, the image that jobs run in, and what dead runs left in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.engines.registry import ENGINES, choose
from simulator.errors import EngineUnavailableError


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineAnswer:
    """An engine: what it says of itself, or why it does not answer."""

    name: str
    answer: str | None
    error: EngineUnavailableError | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Engines:
    """All engines; `chosen` is the one that is taken where none is named, and why, None when none answers."""

    answers: tuple[EngineAnswer, ...]
    chosen: tuple[str, str] | None


def engines() -> Engines:
    """Ask every engine."""
    answers = tuple(_answers())
    if not any(each.answer for each in answers):
        return Engines(answers=answers, chosen=None)
    engine, reason = choose("auto")
    return Engines(answers=answers, chosen=(engine.name, reason))


def build_image(tell: Callable[[str], None] = lambda _: None) -> str:
    """Build the image that jobs run in, once per content; its name. Raises SimulatorError."""
    engine = ENGINES["docker"]()
    engine.check()
    engine.prepare(tell)
    return engine.image


def clean_engines(*, images: bool = False) -> Iterator[str]:
    """Remove what dead runs left in the engines, and the images that pysim built; what was removed, in words."""
    for make in ENGINES.values():
        engine = make()
        try:
            engine.check()
        except EngineUnavailableError:
            continue
        yield from engine.clean()
        if images:
            yield from engine.remove_images()


def _answers() -> Iterator[EngineAnswer]:
    for name, make in ENGINES.items():
        try:
            yield EngineAnswer(name=name, answer=make().check())
        except EngineUnavailableError as error:
            yield EngineAnswer(name=name, answer=None, error=error)

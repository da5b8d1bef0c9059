"""The engines of this machine: which answer, the image that jobs run in, and what dead runs left in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.dated_facts import FactFile, fact_files
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
    """All engines; `chosen` is the one that is taken where none is named, and why, None when none answers.

    `facts` are the files of what pysim knows of GitHub and of actions.
    """

    answers: tuple[EngineAnswer, ...]
    chosen: tuple[str, str] | None
    facts: tuple[FactFile, ...] = ()


def engines() -> Engines:
    """Ask every engine. Raises UsageError for facts of the user's that cannot be read."""
    answers, facts = tuple(_answers()), tuple(fact_files())
    if not any(each.answer for each in answers):
        return Engines(answers=answers, chosen=None, facts=facts)
    engine, reason = choose("auto")
    return Engines(answers=answers, chosen=(engine.name, reason), facts=facts)


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

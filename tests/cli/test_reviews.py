"""Reviews: what the options may say, and the questions on a terminal."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import pytest

from simulator.cli.terminal import Terminal, review_answers
from simulator.configuration.reading import Configuration
from simulator.environments.model import EnvironmentRules, Review
from simulator.errors import UsageError
from simulator.run_events import ReviewEnded, ReviewRequested, RunEvent

DECLARED = Configuration(
    environments={
        "PyPI": EnvironmentRules(name="PyPI", reviewers=("ada",)),
        "docs": EnvironmentRules(name="docs"),
    }
)


def test_answers() -> None:
    assert review_answers(["pypi", "PyPI"], [], DECLARED) == {"PyPI": True}
    assert review_answers([], ["pypi"], DECLARED) == {"PyPI": False}


@pytest.mark.parametrize(
    ("approved", "rejected", "said"),
    [
        (["pypy"], [], "no environment pypy is declared, so it is unprotected"),
        ([], ["docs"], "no reviewer is declared"),
        (["pypi"], ["PYPI"], "exclude each other"),
    ],
)
def test_answers_that_make_no_sense(approved: list[str], rejected: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        review_answers(approved, rejected, DECLARED)


@pytest.mark.parametrize(
    ("file", "name", "table"),
    [
        (None, "pypi", "[environments.pypi] in pysim.toml"),
        ("pysim.toml", "my docs", '[environments."my docs"] in pysim.toml'),
        ("pyproject.toml", "pypi", "[tool.pysim.environments.pypi] in pyproject.toml"),
    ],
)
def test_the_hint_where_nothing_is_declared(file: str | None, name: str, table: str) -> None:
    with pytest.raises(UsageError) as caught:
        review_answers([name], [], Configuration(file=file))
    assert caught.value.hint == f"Declare it: {table}."


@dataclass(frozen=True, kw_only=True)
class Screen:
    """A terminal with a person at `keyboard`."""

    stream: TextIO
    keyboard: int

    def ask(self, people: tuple[str, ...], *, cancelled: bool = False) -> tuple[Review | None, list[RunEvent]]:
        seen: list[RunEvent] = []
        terminal = Terminal(self.stream, self.stream, seen.append)
        return terminal("pypi", people, lambda _: cancelled), seen


@pytest.fixture
def screen() -> Iterator[Screen]:
    keyboard, end = pty.openpty()
    with os.fdopen(end, "r+b", buffering=0) as raw, os.fdopen(os.dup(raw.fileno()), "w") as stream:
        yield Screen(stream=stream, keyboard=keyboard)
    os.close(keyboard)


@pytest.mark.parametrize(
    ("people", "typed", "review"),
    [
        (("ada",), ["y", "ship it"], Review(approved=True, reviewer="ada", comment="ship it")),
        (("ada",), ["maybe", "", "No", ""], Review(approved=False, reviewer="ada")),
        (("ada", "bob"), ["yes", "eve", "BOB", ""], Review(approved=True, reviewer="bob")),
        (("ada", "bob"), ["y", "", ""], Review(approved=True, reviewer="ada")),
        (("ada",), ["y", "\x04"], None),
    ],
)
def test_a_person_is_asked(screen: Screen, people: tuple[str, ...], typed: list[str], review: Review | None) -> None:
    person = threading.Thread(target=answer, args=(screen.keyboard, typed))
    person.start()
    given, seen = screen.ask(people)
    person.join(10)
    assert given == review
    assert seen == [ReviewRequested(environment="pypi", reviewers=people), ReviewEnded(environment="pypi")]


def answer(keyboard: int, typed: list[str]) -> None:
    """Type a line behind each question."""
    for text in typed:
        while not os.read(keyboard, 4096).endswith((b"] ", b"): ")):
            pass
        os.write(keyboard, text.encode() if text == "\x04" else f"{text}\n".encode())


def test_a_question_ends_with_its_job(screen: Screen) -> None:
    assert screen.ask(("ada",), cancelled=True)[0] is None

"""The questions of a review on a terminal."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import pytest

from simulator.cli.terminal import Terminal
from simulator.environments.model import Review


@dataclass(frozen=True, kw_only=True)
class Screen:
    """A terminal with a person at `keyboard`."""

    stream: TextIO
    keyboard: int

    def ask(self, people: tuple[str, ...], *, cancelled: bool = False) -> Review | None:
        return Terminal(self.stream, self.stream).review("pypi", people, lambda _: cancelled)


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
    given = screen.ask(people)
    person.join(10)
    assert given == review


def answer(keyboard: int, typed: list[str]) -> None:
    """Type a line behind each question."""
    for text in typed:
        while not os.read(keyboard, 4096).endswith((b"] ", b"): ")):
            pass
        os.write(keyboard, text.encode() if text == "\x04" else f"{text}\n".encode())


def test_a_question_ends_with_its_job(screen: Screen) -> None:
    assert screen.ask(("ada",), cancelled=True) is None

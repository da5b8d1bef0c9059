"""Reviews of deployments: answers given on the command line, and a person who is asked on the terminal."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Final, TextIO

from simulator.configuration.reading import Configuration
from simulator.environments.evaluation import rules_of
from simulator.environments.model import Ask, Pause, Review
from simulator.errors import UsageError
from simulator.run_events import EventSink, ReviewEnded, ReviewRequested
from simulator.spelling import suggest

_LOOK: Final = 0.2  # seconds between two looks whether the job was cancelled
_MOST: Final = 4096  # bytes of an answer: what a terminal takes in a line
_NOBODY: Final = ""


def review_answers(approved: Iterable[str], rejected: Iterable[str], configuration: Configuration) -> dict[str, bool]:
    """What --approve and --reject say of each environment. Raises UsageError for what nobody could answer."""
    environments = configuration.environments
    given = [("--approve", name, True) for name in approved] + [("--reject", name, False) for name in rejected]
    answers: dict[str, bool] = {}
    for option, name, answer in given:
        rules = rules_of(environments, name)
        table = configuration.table("environments", rules.name if rules else name)
        if rules is None:
            hint = suggest(name, environments) if environments else f"Declare it: {table}."
            raise UsageError(f"{option} {name}: no environment {name} is declared, so it is unprotected.", hint=hint)
        if not rules.reviewers:
            hint = f"Leave the option out, or declare `reviewers` under {table}."
            raise UsageError(f"{option} {name}: no reviewer is declared, so there is no review.", hint=hint)
        if answers.setdefault(rules.name, answer) is not answer:
            raise UsageError(f"--approve {name} and --reject {name} exclude each other.", hint="Give one of them.")
    return answers


def terminal_of(emit: EventSink) -> Ask | None:
    """Asks on this terminal; None when there is none to ask on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return Terminal(sys.stdin, sys.stderr, emit)


class Terminal:
    """Asks a person for a review, one question at a time, and gives up when the job is cancelled."""

    def __init__(self, source: TextIO, target: TextIO, emit: EventSink) -> None:
        self._source = source
        self._target = target
        self._emit = emit
        self._lock = threading.Lock()

    def __call__(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        """Ask y or n, who answers, and for a comment; None at the end of the input."""
        with self._lock:
            self._emit(ReviewRequested(environment=environment, reviewers=people))
            try:
                return self._review(environment, people, pause)
            finally:
                self._emit(ReviewEnded(environment=environment))

    def _review(self, environment: str, people: tuple[str, ...], pause: Pause) -> Review | None:
        names = {name.casefold(): name for name in people}
        question = f"The deployment to {environment} waits for a review by {' or '.join(people)}. Approve it? [y/n] "
        approved = self._chosen(question, {"y": "y", "yes": "y", "n": "n", "no": "n"}, pause)
        if approved is None:
            return None
        reviewer = people[0]
        if len(people) > 1:
            chosen = self._chosen(f"Who are you? [{reviewer}] ", {**names, _NOBODY: reviewer}, pause)
            if chosen is None:
                return None
            reviewer = chosen
        comment = self._line("Comment (may be empty): ", pause)
        return None if comment is None else Review(approved=approved == "y", reviewer=reviewer, comment=comment)

    def _chosen(self, question: str, answers: Mapping[str, str], pause: Pause) -> str | None:
        """Ask until the answer is one of those; None at the end of the input."""
        while (line := self._line(question, pause)) is not None:
            if line.casefold() in answers:
                return answers[line.casefold()]
        return None

    def _line(self, question: str, pause: Pause) -> str | None:
        self._target.write(question)
        self._target.flush()
        number = self._source.fileno()
        while not select.select([number], [], [], _LOOK)[0]:
            if pause(0):
                return None
        line = os.read(number, _MOST)  # what a line-buffered terminal has is one line
        if not line:
            self._target.write("\n")
        return line.decode(errors="replace").strip() if line else None

"""Questions to a person on the terminal: reviews of deployments, and secrets."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from simulator.operations.ask import Pause, Review

_LOOK: Final = 0.2  # seconds between two looks whether the job was cancelled
_MOST: Final = 4096  # bytes of an answer: what a terminal takes in a line
_NOBODY: Final = ""


def terminal() -> Terminal | None:
    """Asks on this terminal; None when there is none to ask on."""
    return Terminal(sys.stdin, sys.stderr) if sys.stdin.isatty() and sys.stderr.isatty() else None


class Terminal:
    """Asks a person, and gives up a review when the job is cancelled."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self._source = source
        self._target = target

    def secret(self, name: str, environment: str, /) -> str:
        """Ask for a secret, which is not shown."""
        import click

        question = f"Secret {name} of the environment {environment} (empty: none)"
        return str(click.prompt(question, default="", show_default=False, hide_input=True, err=True))

    def review(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        """Ask y or n, who answers, and for a comment; None at the end of the input."""
        from simulator.operations.ask import Review

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

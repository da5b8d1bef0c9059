"""Questions to a person in the course of a rehearsal, for whoever can put them: a terminal, a page, a test."""

from __future__ import annotations

from typing import Protocol

from simulator.environments.model import Pause, Review

__all__ = ["Ask", "Pause", "Review"]


class Ask(Protocol):
    """Puts questions to a person, from any thread, one at a time."""

    def review(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        """Ask one of `people` to review a deployment; None when nobody answers, or `pause` says it is too late."""
        ...

    def secret(self, name: str, environment: str, /) -> str:
        """Ask for the value of a secret of an environment, which is not to be shown; an empty one is none."""
        ...

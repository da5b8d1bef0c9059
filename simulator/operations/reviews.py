"""Reviews of deployments: answers that are given beforehand, and a person who is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from simulator.configuration.values import Configuration
from simulator.environments.evaluation import rules_of
from simulator.environments.model import Pause, Review
from simulator.errors import UsageError
from simulator.operations.ask import Ask
from simulator.run_events import EventSink, ReviewEnded, ReviewRequested
from simulator.spelling import suggest


def review_answers(reviews: Mapping[str, bool], configuration: Configuration) -> dict[str, bool]:
    """What is said of each environment, by its declared name. Raises UsageError for a review that nobody asks for."""
    environments = configuration.environments
    answers: dict[str, bool] = {}
    for name, answer in reviews.items():
        rules = rules_of(environments, name)
        table = configuration.table("environments", rules.name if rules else name)
        if rules is None:
            hint = suggest(name, environments) if environments else f"Declare it: {table}."
            raise UsageError(f"No environment {name} is declared, so it is unprotected.", hint=hint)
        if not rules.reviewers:
            hint = f"Leave the answer out, or declare `reviewers` under {table}."
            raise UsageError(f"No reviewer of the environment {name} is declared, so there is no review.", hint=hint)
        if answers.setdefault(rules.name, answer) is not answer:
            said = f"The review of the environment {rules.name} cannot be both approved and rejected."
            raise UsageError(said, hint="Give one answer.")
    return answers


class AskedReviews:
    """Asks a person for reviews, one at a time, and tells when a question begins and ends."""

    def __init__(self, ask: Ask, emit: EventSink) -> None:
        self._ask, self._emit = ask, emit
        self._lock = threading.Lock()

    def __call__(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None:
        """Ask; None when nobody answers."""
        with self._lock:
            self._emit(ReviewRequested(environment=environment, reviewers=people))
            try:
                return self._ask.review(environment, people, pause)
            finally:
                self._emit(ReviewEnded(environment=environment))

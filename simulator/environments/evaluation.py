"""May a job enter its environment? Decided by the rules that the configuration declares, and by a person's review."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from simulator.environments.model import Ask, EnvironmentRules, Gate, Pause, Review
from simulator.environments.policy import may_deploy
from simulator.run_events import EventSink, Progress
from simulator.triggers.model import Event

REJECTED: Final = "The deployment was rejected or didn't satisfy other protection rules."


def rules_of(environments: Mapping[str, EnvironmentRules], name: str) -> EnvironmentRules | None:
    """The rules of an environment; environments are known by name, letter case aside."""
    return next((each for each in environments.values() if each.name.casefold() == name.casefold()), None)


class Deployments:
    """The deployments of one run of a workflow: a review is asked for once, and holds for every job that waits for it.

    `answers` are given beforehand, by environment: whether it is approved. `ask` None is that there is nobody to ask.
    Wait timers are reported, and waited for where `real_time`. `actor` started the run; `protected` is whether its ref
    is. Safe to use from many threads.
    """

    def __init__(
        self,
        environments: Mapping[str, EnvironmentRules],
        *,
        actor: str,
        protected: bool = False,
        answers: Mapping[str, bool] | None = None,
        ask: Ask | None = None,
        real_time: bool = False,
        emit: EventSink = lambda _: None,
    ) -> None:
        self._environments = environments
        self._actor = actor
        self._protected = protected
        self._answers = {name.casefold(): approved for name, approved in (answers or {}).items()}
        self._ask = ask
        self._real_time = real_time
        self._emit = emit
        self._reviews: dict[str, Review | None] = {}
        self._lock = threading.Lock()

    def enter(self, name: str, event: Event, pause: Pause) -> Gate:
        """Judge the environment `name` for an event's ref: its policy for branches and tags first, then a review.

        A timer runs from the moment that the job wants to enter, beside the review. An environment that nobody
        declares is one that GitHub makes, without rules.
        """
        rules = rules_of(self._environments, name)
        if rules is None:
            return Gate(allowed=True, declared=False, reason=f"no protection rule is declared for {name}")
        if not self._may_deploy(rules, event):
            kind = "Tag" if event.ref_type == "tag" else "Branch"
            words = f'{kind} "{event.ref_name}" is not allowed to deploy to {name} due to environment protection rules.'
            return Gate(allowed=False, reason=words)
        began = time.monotonic()
        gate = (
            self._reviewed(rules, name, event, pause) if rules.reviewers else _open(rules, self._policy(rules, event))
        )
        return self._timed(rules, gate, began, pause) if gate.allowed and rules.wait_timer else gate

    # ---- branches and tags

    def _may_deploy(self, rules: EnvironmentRules, event: Event) -> bool:
        if rules.protected_branches:
            return self._protected and event.ref_type != "tag"
        return (rules.branches is None and rules.tags is None) or _matching(rules, event) is not None

    @staticmethod
    def _policy(rules: EnvironmentRules, event: Event) -> str:
        if rules.protected_branches:
            return f"branch {event.ref_name} is protected"
        matching = _matching(rules, event)
        if matching is None:
            return "every branch and tag may deploy"
        return f"{event.ref_type} {event.ref_name} matches {matching}"

    # ---- reviews

    def _reviewed(self, rules: EnvironmentRules, name: str, event: Event, pause: Pause) -> Gate:
        people = self._people(rules)
        if not people:
            return Gate(
                allowed=False,
                reason=f"Nobody may approve the deployment to {name}: {self._actor} starts the run and is its only "
                "reviewer, and prevent-self-review is on.",
            )
        review = self._review(rules.name, people, pause)
        if review is None:
            waits = f"The deployment to {name} waits for a review by {' or '.join(people)}."
            return Gate(allowed=False, paused=True, reason=waits)
        if not review.approved:
            return Gate(allowed=False, reason=REJECTED, review=review)
        said = f": {review.comment}" if review.comment else ""
        return _open(rules, f"approved by {review.reviewer}{said}; {self._policy(rules, event)}", review)

    def _people(self, rules: EnvironmentRules) -> tuple[str, ...]:
        """Who may review: with `prevent-self-review` not the actor, though another of a team of the actor's."""
        actor = self._actor.casefold()
        return tuple(each for each in rules.reviewers if not rules.prevent_self_review or each.casefold() != actor)

    def _review(self, name: str, people: tuple[str, ...], pause: Pause) -> Review | None:
        with self._lock:
            if name not in self._reviews:
                answer = self._answers.get(name.casefold())
                if answer is not None:
                    self._reviews[name] = Review(approved=answer, reviewer=f"--{'approve' if answer else 'reject'}")
                else:
                    self._reviews[name] = self._ask(name, people, pause) if self._ask else None
            return self._reviews[name]

    # ---- timers

    def _timed(self, rules: EnvironmentRules, gate: Gate, began: float, pause: Pause) -> Gate:
        told = f"{rules.wait_timer} min"
        if not self._real_time:
            return replace(gate, reason=f"{gate.reason}; GitHub would wait {told} first")
        self._emit(Progress(message=f"the wait timer of {rules.name} runs: {told}"))
        left = began + rules.wait_timer * 60 - time.monotonic()
        if left > 0 and pause(left):
            return Gate(allowed=False, reason=f"The job was cancelled while the wait timer of {rules.name} ran.")
        return replace(gate, reason=f"{gate.reason}; waited {told}")


def _open(rules: EnvironmentRules, reason: str, review: Review | None = None) -> Gate:
    return Gate(
        allowed=True,
        reason=reason,
        review=review,
        variables=rules.variables,
        secret_names=rules.secrets,
        url=rules.url,
    )


def _matching(rules: EnvironmentRules, event: Event) -> str | None:
    patterns = rules.tags if event.ref_type == "tag" else rules.branches
    return next((pattern for pattern in patterns or () if may_deploy(pattern, event.ref_name)), None)

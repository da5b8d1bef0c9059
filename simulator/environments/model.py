"""Environments of the repository: the rules that protect them, and what they said of a job. Frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Pause = Callable[[float], bool]  # waits so many seconds, or until the job is cancelled; says whether it is


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRules:
    """An environment as the configuration declares it, in place of the repository's settings on GitHub.

    `branches` and `tags` are name patterns of refs that may deploy; with both None every ref may, with one of them
    given only what either takes. `protected_branches` is GitHub's other choice: protected branches, and no tag.
    `reviewers` are logins, or teams as `owner/team`; with `prevent_self_review` who starts the run is none of them.
    `wait_timer` is in minutes, 0 for none. `secrets` are the names of secrets that only this environment's jobs see;
    `url` is its page, for reports.
    """

    name: str
    branches: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    protected_branches: bool = False
    reviewers: tuple[str, ...] = ()
    prevent_self_review: bool = False
    wait_timer: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    url: str | None = None

    @property
    def protects(self) -> bool:
        """Whether any rule could keep a job out, or hold it up."""
        restricted = self.protected_branches or self.branches is not None or self.tags is not None
        return restricted or bool(self.reviewers) or self.wait_timer > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A reviewer's answer to a deployment."""

    approved: bool
    reviewer: str
    comment: str = ""


class Ask(Protocol):
    """Asks a person to review a deployment to an environment; None when nobody answers.

    `people` are those who may, none of them somebody who may not. Ends early when `pause` says that the job is
    cancelled.
    """

    def __call__(self, environment: str, people: tuple[str, ...], pause: Pause, /) -> Review | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What the rules of an environment say of a job; `reason` is a sentence, GitHub's own where it refuses.

    A job that is not allowed is `paused` where only a person's review is missing. `variables` and the secrets named
    in `secret_names` are the environment's, empty where the job is not allowed. `declared` is False for an
    environment that nobody declares. `url` is its page, for reports.
    """

    allowed: bool
    reason: str
    paused: bool = False
    declared: bool = True
    review: Review | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    url: str | None = None

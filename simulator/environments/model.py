"""Environments of the repository: the rules that protect them, and what they said of a job. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRules:
    """An environment as the configuration declares it, in place of the repository's settings on GitHub.

    `branches` and `tags` are name patterns of refs that may deploy; with both None every ref may, with one of them
    given only what either takes. `wait_timer` is in minutes, 0 for none. `secrets` are the names of secrets that only
    this environment's jobs see; `url` is its page, for reports.
    """

    name: str
    branches: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    reviewers: tuple[str, ...] = ()
    wait_timer: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What the rules of an environment say of a job; `reason` is a sentence, GitHub's own where it refuses.

    `variables` and the secrets named in `secret_names` are the environment's, empty where the job is not allowed.
    """

    allowed: bool
    reason: str
    variables: Mapping[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()

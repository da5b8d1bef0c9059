"""What GitHub knows of the rehearsed repository before the run. Plain data, given by who starts the twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.twins.base import Ruleset


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFacts:
    """The repository's ids and settings, who started the run, and what is there already.

    `releases` are release objects as a webhook's payload has them: of a rehearsed `release` event the one it is about.
    `environments` are the declared ones, `jobs` the names that GitHub shows of the planned jobs, by key. `user_tokens`
    are secrets that a job may use as a token in its own place of GITHUB_TOKEN. `named` is False where nobody told the
    repository's owner. `rulesets` are the active ones.
    """

    id: int = 1
    owner_id: int = 1
    named: bool = True
    immutable_releases: bool = False
    rulesets: Sequence[Ruleset] = ()
    visibility: str = "public"
    default_branch: str = "main"
    actor: str = "pysim"
    actor_id: int = 1
    releases: Sequence[Mapping[str, object]] = ()
    environments: Sequence[str] = ()
    jobs: Mapping[str, str] = field(default_factory=dict)
    user_tokens: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def private(self) -> bool:
        """Whether only those who may read the repository see that it is there."""
        return self.visibility != "public"

"""May a job enter its environment? Decided by the rules that the configuration declares."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.environments.model import EnvironmentRules, Gate
from simulator.environments.policy import may_deploy
from simulator.triggers.model import Event


def evaluate(environments: Mapping[str, EnvironmentRules], name: str, event: Event) -> Gate:
    """Judge the environment `name` for an event's ref; environments are known by name, letter case aside.

    The policy for branches and tags comes first, then reviewers; an approval is not part of this. A wait timer is told
    and not waited for. An environment that nobody declares is one that GitHub makes, without rules.
    """
    rules = next((each for each in environments.values() if each.name.casefold() == name.casefold()), None)
    if rules is None:
        return Gate(allowed=True, reason=f"no protection rule is declared for {name}")
    refusal = _refusal(rules, name, event)
    if refusal is not None:
        return Gate(allowed=False, reason=refusal)
    waiting = f"; GitHub would wait {rules.wait_timer} min first" if rules.wait_timer else ""
    reason = f"{_policy_words(rules, event)}{waiting}"
    return Gate(allowed=True, reason=reason, variables=rules.variables, secret_names=rules.secrets)


def _refusal(rules: EnvironmentRules, name: str, event: Event) -> str | None:
    if not _is_restricted(rules) or _matching(rules, event) is not None:
        return _review(rules, name) if rules.reviewers else None
    kind = "Tag" if event.ref_type == "tag" else "Branch"
    return f'{kind} "{event.ref_name}" is not allowed to deploy to {name} due to environment protection rules.'


def _review(rules: EnvironmentRules, name: str) -> str:
    people = " or ".join(rules.reviewers)
    return f"The deployment to {name} waits for a review by {people}, and a rehearsal has nobody to approve it."


def _is_restricted(rules: EnvironmentRules) -> bool:
    return rules.branches is not None or rules.tags is not None


def _matching(rules: EnvironmentRules, event: Event) -> str | None:
    patterns = rules.tags if event.ref_type == "tag" else rules.branches
    return next((pattern for pattern in patterns or () if may_deploy(pattern, event.ref_name)), None)


def _policy_words(rules: EnvironmentRules, event: Event) -> str:
    if not _is_restricted(rules):
        return "every branch and tag may deploy"
    return f"{event.ref_type} {event.ref_name} matches {_matching(rules, event)}"

"""Environments as GitHub's REST API lists them: what `gh api repos/OWNER/REPO/environments` prints.

Their policies for branches and tags are in an answer of their own (`.../environments/NAME/deployment-branch-policies`),
which does not say of which environment it is. Variables and secrets are in neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from simulator.environments.model import EnvironmentRules
from simulator.errors import UsageError

Object: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The text of an answer, the file it is from, and the environment that its user says it is of."""

    text: str
    file: str
    environment: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """Environments in their order, and of each what GitHub evaluates and pysim does not."""

    environments: tuple[EnvironmentRules, ...]
    notes: tuple[str, ...] = ()


def import_environments(answers: Iterable[Answer]) -> Imported:
    """Join lists of environments with the policies that belong to them.

    Raises UsageError for what is not such an answer, holds a part only, or leaves a policy open.
    """
    listed: dict[str, Object] = {}
    policies: list[tuple[Answer, Sequence[Object]]] = []
    for answer in answers:
        found = _parse(answer)
        if "branch_policies" in found:
            policies.append((answer, _objects(answer, found, "branch_policies")))
        elif "environments" in found:
            listed.update((_text(answer, each, "name"), each) for each in _objects(answer, found, "environments"))
        else:  # of one environment: .../environments/NAME
            listed[_text(answer, found, "name")] = found
    chosen = [
        name for name, each in listed.items() if _object(each, "deployment_branch_policy").get("custom_branch_policies")
    ]
    given = dict(_belonging(policies, chosen))
    notes: list[str] = []
    return Imported(
        environments=tuple(_rules(name, each, given.get(name), notes) for name, each in listed.items()),
        notes=tuple(notes),
    )


def _belonging(
    policies: Iterable[tuple[Answer, Sequence[Object]]], chosen: Sequence[str]
) -> Iterable[tuple[str, tuple[tuple[str, str], ...]]]:
    """Policies as (kind, pattern) by their environment: the one that is said, or the only one that has any."""
    for answer, items in policies:
        said = answer.environment
        name = next((each for each in chosen if said and each.casefold() == said.casefold()), None)
        if said is None and len(chosen) == 1:
            name = chosen[0]
        if name is None:
            of = f"There is no environment {said} with policies" if said else "Nothing says of which environment it is"
            hint = f"Write NAME={answer.file}, with NAME one of: {', '.join(chosen) or 'none has policies'}."
            raise UsageError(f"{answer.file}: {of}.", hint=hint)
        yield name, tuple((str(each.get("type") or "branch"), _text(answer, each, "name")) for each in items)


def _rules(
    name: str, found: Object, policies: tuple[tuple[str, str], ...] | None, notes: list[str]
) -> EnvironmentRules:
    rules = EnvironmentRules(name=name)
    for rule in (each for each in _list(found.get("protection_rules")) if isinstance(each, dict)):
        kind = rule.get("type")
        if kind == "wait_timer":
            rules = replace(rules, wait_timer=_minutes(name, rule))
        elif kind == "required_reviewers":
            people = tuple(filter(None, map(_reviewer, _list(rule.get("reviewers")))))
            rules = replace(rules, reviewers=people, prevent_self_review=rule.get("prevent_self_review") is True)
        elif kind != "branch_policy":
            notes.append(f"{name}: the rule {kind} is GitHub's to evaluate; pysim lets every job pass it.")
    policy = _object(found, "deployment_branch_policy")
    if policy.get("protected_branches"):
        return replace(rules, protected_branches=True)
    if not policy.get("custom_branch_policies"):
        return rules
    if policies is None:
        raise UsageError(
            f"The policies of {name} for branches and tags are not in the list.",
            hint=f"gh api repos/OWNER/REPO/environments/{name}/deployment-branch-policies > policies.json, and add "
            f"{name}=policies.json.",
        )
    return replace(
        rules,
        branches=tuple(pattern for kind, pattern in policies if kind == "branch"),
        tags=tuple(pattern for kind, pattern in policies if kind == "tag"),
    )


def _minutes(name: str, rule: Object) -> int:
    minutes = rule.get("wait_timer")
    if not isinstance(minutes, int):
        hint = "Write what gh api prints to it, as it is."
        raise UsageError(f"The wait timer of {name} is {minutes!r}, not a number of minutes.", hint=hint)
    return minutes


def _reviewer(item: object) -> str | None:
    """A login, or a team as `owner/team` (of a team only its slug where its address does not say whose it is)."""
    person = _object(item, "reviewer") if isinstance(item, dict) else {}
    if person.get("login"):
        return str(person["login"])
    slug = person.get("slug")
    parts = str(person.get("html_url") or "").split("/")
    owner = parts[parts.index("orgs") + 1] if "orgs" in parts[:-1] else "team"
    return f"{owner}/{slug}" if slug else None


# ---- JSON


def _parse(answer: Answer) -> Object:
    try:
        found: object = json.loads(answer.text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{answer.file} is not JSON: {error}.", hint="Write what gh api prints to it.") from error
    if not isinstance(found, dict) or not {"environments", "branch_policies", "name"} & found.keys():
        said = f": {found['message']}" if isinstance(found, dict) and "message" in found else ""
        raise UsageError(
            f"{answer.file} is no list of environments or of their policies{said}.",
            hint="Write what `gh api repos/OWNER/REPO/environments` prints to it.",
        )
    return found


def _objects(answer: Answer, found: Object, key: str) -> Sequence[Object]:
    """The objects of a list, all of them: the answer says how many there are."""
    items = [each for each in _list(found[key]) if isinstance(each, dict)]
    total = found.get("total_count")
    if isinstance(total, int) and total > len(items):
        hint = "Ask for all: gh api '...?per_page=100'."
        raise UsageError(f"{answer.file} holds {len(items)} of {total} {key.replace('_', ' ')}.", hint=hint)
    return items


def _text(answer: Answer, found: Object, key: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise UsageError(f"{answer.file}: an entry has no {key}.", hint="Write what gh api prints to it, as it is.")
    return value


def _object(found: object, key: str) -> Object:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()

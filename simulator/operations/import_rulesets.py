"""Rulesets and immutable releases, taken over from what GitHub's API says: `repos/O/R/rulesets/ID` and
`repos/O/R/immutable-releases`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from simulator.environments.imported import Answer
from simulator.errors import UsageError
from simulator.toml_places import toml_key, toml_text
from simulator.twins.base import RULES
from simulator.twins.repository_rules import BOT

_ACTIONS_APP: Final = 15368  # GitHub Actions, as the API numbers apps


def is_of_rules(answer: Answer) -> bool:
    """Whether an answer is about rulesets or immutable releases; what is no JSON is not."""
    try:
        found: object = json.loads(answer.text)
    except (ValueError, RecursionError):
        return False
    first = found[0] if isinstance(found, list) and found else found
    return isinstance(first, dict) and ("enforcement" in first or "enforced_by_owner" in first)


def rule_tables(answers: Sequence[Answer], prefix: Sequence[str], notes: list[str]) -> Iterator[str]:
    """The tables for such answers, and notes of what pysim does not hold. Raises UsageError."""
    for answer in answers:
        found: object = json.loads(answer.text)
        if isinstance(found, dict) and "enforced_by_owner" in found:
            is_on = "true" if found.get("enabled") is True else "false"
            yield f"[{_name(*prefix, 'repository')}]\nimmutable-releases = {is_on}"
            continue
        if not isinstance(found, dict) or "rules" not in found:
            raise UsageError(
                f"{answer.file} lists rulesets without their rules.",
                hint="Ask for each: gh api repos/OWNER/REPO/rulesets/ID.",
            )
        yield from _ruleset(found, prefix, notes)


def _ruleset(found: Mapping[str, object], prefix: Sequence[str], notes: list[str]) -> Iterator[str]:
    name, target = str(found.get("name") or "a ruleset"), found.get("target")
    if found.get("enforcement") != "active":
        notes.append(f"{name} is not active, and left out.")
        return
    if target not in {"branch", "tag"}:
        notes.append(f"{name} is about neither branches nor tags, and left out.")
        return
    refs = _object(_object(found, "conditions"), "ref_name")
    kinds = [str(each.get("type")) for each in _objects(found, "rules")]
    unknown = [kind for kind in kinds if kind not in RULES]
    notes += [f"{name}: the rule {kind} is GitHub's to evaluate; pysim lets every push pass it." for kind in unknown]
    rows = {
        "include": _texts(refs.get("include", ["~ALL"])),
        "exclude": _texts(refs.get("exclude")),
        "rules": tuple(kind for kind in kinds if kind in RULES),
        "bypass": tuple(dict.fromkeys(_actors(found))),
    }
    needed = ("include", "rules")
    lists = [f"{key} = [{', '.join(map(toml_text, each))}]" for key, each in rows.items() if each or key in needed]
    head = [f"[[{_name(*prefix, 'repository', 'rulesets')}]]", f"name = {toml_text(name)}"]
    yield "\n".join([*head, f"target = {toml_text(str(target))}", *lists])


def _actors(found: Mapping[str, object]) -> Iterator[str]:
    """Who may push past it; a bypass of pull requests alone lets no push pass."""
    for each in _objects(found, "bypass_actors"):
        if each.get("bypass_mode") != "pull_request":
            yield BOT if each.get("actor_id") == _ACTIONS_APP else str(each.get("actor_type"))


def _name(*keys: str) -> str:
    return ".".join(map(toml_key, keys))


def _object(found: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _objects(found: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = found.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()

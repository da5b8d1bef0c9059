"""Environments, and rules for branches, tags and releases, as they are set up at GitHub and its API says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.configuration.reading import load_configuration
from simulator.configuration.values import TABLE
from simulator.environments.imported import Answer, import_environments
from simulator.environments.model import EnvironmentRules
from simulator.operations.import_rulesets import is_of_rules, rule_tables
from simulator.toml_places import toml_key, toml_text
from simulator.triggers.repository import find_root

__all__ = ["Answer", "ImportedEnvironments", "imported_environments"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedEnvironments:
    """Environments and rules as tables of the configuration file, in TOML, and what should be known of them."""

    tables: str
    notes: tuple[str, ...]


def imported_environments(repository: Path, answers: Sequence[Answer]) -> ImportedEnvironments:
    """What answers of GitHub's API say, as tables of pysim.toml, or of pyproject.toml where the configuration is there.

    Raises UsageError for what is no such answer.
    """
    prefix = TABLE if load_configuration(find_root(repository)).file == "pyproject.toml" else ()
    of_rules = [answer for answer in answers if is_of_rules(answer)]
    of_environments = [answer for answer in answers if answer not in of_rules]
    imported = import_environments(of_environments)
    notes = list(imported.notes)
    rules = list(rule_tables(of_rules, prefix, notes))
    if of_environments and not imported.environments:
        notes.append("The repository has no environment; GitHub makes one that a job names, without protection.")
    notes += [f"{rules.name} has no protection rule." for rules in imported.environments if not rules.protects]
    environments = ["\n".join(_table(rules, prefix)) for rules in imported.environments]
    tables = "\n\n".join([*rules, *environments])
    return ImportedEnvironments(tables=tables, notes=tuple(notes))


def _table(rules: EnvironmentRules, prefix: Sequence[str]) -> Iterator[str]:
    yield f"[{'.'.join(map(toml_key, (*prefix, 'environments', rules.name)))}]"
    for key, value in (("branches", rules.branches), ("tags", rules.tags), ("reviewers", rules.reviewers or None)):
        if value is not None:
            yield f"{key} = {_value(value)}"
    if rules.protected_branches:
        yield "protected-branches = true"
    if rules.prevent_self_review:
        yield "prevent-self-review = true"
    if rules.wait_timer:
        yield f"wait-timer = {rules.wait_timer}"


def _value(value: str | Sequence[str]) -> str:
    """Text or a list of texts in TOML."""
    if isinstance(value, str):
        return toml_text(value)
    return f"[{', '.join(map(_value, value))}]"

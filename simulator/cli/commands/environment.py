"""`pysim environment import`: what is set up at GitHub, as tables of pysim.toml."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from simulator.configuration.reading import TABLE, load_configuration
from simulator.environments.imported import Answer, import_environments
from simulator.environments.model import EnvironmentRules
from simulator.errors import ExitCode, UsageError
from simulator.toml_places import toml_key, toml_text
from simulator.triggers.repository import find_root

Say = Callable[[str], None]


def import_files(names: Sequence[str], say: Say, warn: Say) -> ExitCode:
    """Say the tables of the environments that are in files: FILE, NAME=FILE for policies, or - for standard input.

    They are those of pysim.toml, or of pyproject.toml where the repository that we are in has its configuration.
    """
    prefix = TABLE if load_configuration(find_root(Path())).file == "pyproject.toml" else ()
    imported = import_environments([_read(name) for name in names])
    for note in imported.notes:
        warn(f"note: {note}")
    if not imported.environments:
        warn("note: The repository has no environment; GitHub makes one that a job names, without protection.")
    for rules in imported.environments:
        if not rules.protects:
            warn(f"note: {rules.name} has no protection rule.")
    say("\n\n".join("\n".join(_table(rules, prefix)) for rules in imported.environments))
    return ExitCode.GO


def _read(name: str) -> Answer:
    environment, equals, file = name.rpartition("=")
    if equals and Path(name).is_file():
        environment, file = "", name
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.", hint="Name what gh api printed, or -.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8.", hint="Name what gh api printed, or -.") from error
    return Answer(text=text, file="standard input" if file == "-" else file, environment=environment or None)


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

"""`pysim environment import`: what is set up at GitHub, as tables of pysim.toml."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from simulator.environments.imported import Answer, import_environments
from simulator.environments.model import EnvironmentRules
from simulator.errors import ExitCode, UsageError

Say = Callable[[str], None]


def import_files(names: Sequence[str], say: Say, warn: Say) -> ExitCode:
    """Say the tables of the environments that are in files: FILE, NAME=FILE for policies, or - for standard input."""
    imported = import_environments([_read(name) for name in names])
    for note in imported.notes:
        warn(f"note: {note}")
    if not imported.environments:
        warn("note: The repository has no environment; GitHub makes one that a job names, without protection.")
    for rules in imported.environments:
        if not rules.protects:
            warn(f"note: {rules.name} has no protection rule.")
    say("\n\n".join("\n".join(_table(rules)) for rules in imported.environments))
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


def _table(rules: EnvironmentRules) -> Iterator[str]:
    name = rules.name if re.fullmatch(r"[A-Za-z0-9_-]+", rules.name) else _value(rules.name)
    yield f"[environments.{name}]"
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
    """Text or a list of texts in TOML, which writes them as JSON does, but for DEL."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"[{', '.join(map(_value, value))}]"

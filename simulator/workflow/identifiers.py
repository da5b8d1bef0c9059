"""The names that jobs and steps may have, in GitHub's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from simulator.workflow.model import Step

_LONGEST = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def problem_of_id(name: str) -> str | None:
    """What is wrong with `name` as the id of a job or a step, None when nothing is."""
    if not _IDENTIFIER.fullmatch(name) or len(name) >= _LONGEST:
        return (
            f"The identifier '{name}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. "
            f"IDs must start with a letter or '_' and must be less than {_LONGEST} characters."
        )
    if name.startswith("__"):
        return f"The identifier '{name}' is invalid. IDs starting with '__' are reserved."
    return None


def step_ids(steps: Sequence[Step]) -> tuple[str, ...]:
    """The ids of the steps of a job: their own, and those that GitHub makes for the others.

    `__run`, `__owner_repo` (`__image` for Docker, `__self` for an action of this repository), unique ignoring case by a
    number at the end, at most 100 characters, whatever is not allowed in an id turned into `_`.
    """
    taken = {step.id.lower() for step in steps if step.id}
    return tuple(step.id or _free(_made_of(step), taken) for step in steps)


def _made_of(step: Step) -> str:
    words = _words_of_action(step.uses.value) if step.uses is not None else step.control or "run"
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"__{words}")


def _words_of_action(uses: str) -> str:
    if uses.startswith("docker://"):
        return uses.removeprefix("docker://") or "run"
    if uses.startswith(("./", ".\\")):
        return "self"
    if uses.startswith("$/"):
        return "selfRepository"
    owner, repository, *_ = (part for part in re.split(r"[/\\]", uses.partition("@")[0]) if part)
    return f"{owner}_{repository}"


def _free(wanted: str, taken: set[str]) -> str:
    free = next(each for each in _numbered(wanted) if each.lower() not in taken)
    taken.add(free.lower())
    return free


def _numbered(wanted: str) -> Iterator[str]:
    yield wanted[:_LONGEST]
    number = 1
    while True:
        number += 1
        suffix = f"_{number}"
        yield wanted[: _LONGEST - len(suffix)] + suffix

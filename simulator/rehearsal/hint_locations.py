"""Locations in a repository that hints name: steps of its workflows, and lines of its pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from simulator.planning.tools import CHECKOUT, DOWNLOAD_ARTIFACT, action_name
from simulator.rehearsal.explanations import PROJECT_KEYS
from simulator.toml_places import toml_places
from simulator.workflow.model import Job

_STEPS: Final = {CHECKOUT: "checkout", DOWNLOAD_ARTIFACT: "download"}
_KEYS: Final = {**PROJECT_KEYS, "build-system.requires": "build_system"}


def hint_locations(jobs: Iterable[Job], files: Sequence[tuple[str, bytes]]) -> Mapping[str, str]:
    """`file:line` by name: the first steps of some actions, and keys of the one pyproject.toml that there is.

    `files` are paths and contents of pyproject.toml files; of several, none is the one that is meant.
    """
    found: dict[str, str] = {}
    for name, place in (*_steps(jobs), *(_keys(*files[0]) if len(files) == 1 else ())):
        found.setdefault(name, place)
    return found


def _steps(jobs: Iterable[Job]) -> Iterator[tuple[str, str]]:
    for job in jobs:
        for step in job.all_steps:
            name = _STEPS.get(action_name(step.uses.value)) if step.uses else None
            if step.uses and name:
                yield name, f"{step.uses.span.file}:{step.uses.span.line}"


def _keys(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    for keys, place in toml_places(content.decode(errors="replace")).items():
        if name := _KEYS.get(".".join(map(str, keys))):
            yield name, f"{path}:{place.line}"

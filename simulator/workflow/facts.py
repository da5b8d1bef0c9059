"""What GitHub says of its workflow language, from the dated data files in `resources/`. Knows no file of a user."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from simulator.dated_facts import read_facts
from simulator.expressions.language import Vocabulary
from simulator.workflow.model import Access

_UNLIMITED = 255
_FUNCTION = re.compile(r"(\w+)\((\d+),(\d+|MAX)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFacts:
    """An event of `on`: its activity types, those that start a workflow which names none, and its other keys.

    `types` is None where any may be named, `default_types` where all start a workflow.
    """

    has_types: bool
    types: Sequence[str] | None
    default_types: Sequence[str] | None
    keys: Sequence[str]


@functools.cache
def events() -> Mapping[str, EventFacts]:
    """The events of `on` by name."""
    return {
        name: EventFacts(
            has_types="types" in facts,
            types=facts.get("types"),
            default_types=facts.get("default-types"),
            keys=tuple(facts.get("keys", ())),
        )
        for name, facts in read_facts("events")["events"].items()
    }


@functools.cache
def permission_scopes() -> Mapping[str, Sequence[Access]]:
    """The scopes of `permissions` and the access that each can be given, least first."""
    return cast("Mapping[str, Sequence[Access]]", read_facts("permissions")["scopes"])


@functools.cache
def _availability() -> Mapping[str, Sequence[str]]:
    return cast("Mapping[str, Sequence[str]]", read_facts("contexts")["keys"])


@functools.cache
def contexts() -> frozenset[str]:
    """All contexts that there are, wherever they are available."""
    return frozenset(name for key in _availability() for name in vocabulary(key).names)


@functools.cache
def properties(context: str) -> frozenset[str]:
    """All properties that a context has; KeyError for one of which they are not known."""
    return frozenset(read_facts("contexts")["properties"][context])


def functions(key: str) -> tuple[str, ...]:
    """The functions that are available under `key` alone, as GitHub spells them."""
    return tuple(item.partition("(")[0] for item in _availability()[key] if "(" in item)


@functools.cache
def vocabulary(key: str) -> Vocabulary:
    """What an expression may use under `key`, such as "jobs.<job_id>.steps.run" or "inputs.<input_id>.default".

    Keys are those of GitHub's table of context availability; KeyError for one that takes no expression.
    """
    names = set()
    functions = {}
    for item in _availability()[key]:
        if match := _FUNCTION.fullmatch(item):
            functions[match[1]] = (int(match[2]), _UNLIMITED if match[3] == "MAX" else int(match[3]))
        else:
            names.add(item)
    return Vocabulary(frozenset(names), functions)

"""What leaves a rehearsal, events and errors: no text in them holds a secret.

What is about a job is masked as its log is, all else with the masks of every job. Steps mask their logs themselves, so
that a mask counts from its line on; this is for all the rest, whoever says it.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from simulator import run_events
from simulator.errors import SimulatorError
from simulator.run_events import EventSink, JobPlanned, RunEvent, RunStarted, StepLine
from simulator.runner.masking import Masker

T = TypeVar("T")
# By these, events and files find each other; they come from git, from the workflow file or out of a hash.
_KEPT: Final = frozenset(
    {
        "job_id",
        "run_id",
        "workflow",
        "environment",
        "twin",
        "index",
        "method",
        "code",
        "claim",
        "dist",
        "sha",
        "sha256",
        "digest",
        "before",
        "after",
    }
)
_STRUCTURE: Final = (RunStarted, JobPlanned, StepLine)


class MaskedSink:
    """Passes events on without the secrets that `masker` and its children know by then."""

    def __init__(self, emit: EventSink, masker: Masker) -> None:
        self._emit, self._masker = emit, masker

    def __call__(self, event: RunEvent, /) -> None:
        """Mask an event and pass it on."""
        if not isinstance(event, _STRUCTURE):
            job_id: str | None = getattr(event, "job_id", None)
            event = masked(event, self._masker.mask_of_all if job_id is None else self._masker.of(job_id).mask)
        self._emit(event)


def hide_secrets(error: SimulatorError, masker: Masker) -> None:
    """Mask what an error says."""
    error.args = tuple(masker.mask_of_all(part) if isinstance(part, str) else part for part in error.args)
    error.hint = masker.mask_of_all(error.hint)
    error.remedies = tuple(masked(each, masker.mask_of_all) for each in error.remedies)


def masked(value: T, mask: Callable[[str], str]) -> T:
    """A dataclass with every text of it masked, but for closed vocabularies and what identifies things."""
    changed: dict[str, Any] = {}
    kind: Any = type(value)
    for name in _texts(kind):
        before = getattr(value, name)
        after = _masked(before, mask)
        if after != before:
            changed[name] = after
    return dataclasses.replace(value, **changed) if changed else value  # type: ignore[type-var]


def _masked(value: object, mask: Callable[[str], str]) -> object:
    if type(value) is str:  # and none that an enumeration makes of it
        return mask(value)
    if isinstance(value, tuple):
        return tuple(_masked(item, mask) for item in value)
    if isinstance(value, Mapping):
        return {key: _masked(item, mask) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return masked(value, mask)
    return value


@functools.cache
def _texts(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that may hold text of any kind."""
    hints = typing.get_type_hints(kind, localns=vars(run_events))
    return tuple(field.name for field in dataclasses.fields(kind) if _is_open(field.name, hints[field.name]))


def _is_open(name: str, hint: object) -> bool:
    return name not in _KEPT and Literal not in {get_origin(hint), *(get_origin(part) for part in get_args(hint))}

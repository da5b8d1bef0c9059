"""Workflows with nothing but triggers, for tests of what starts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from simulator.positions import Located, Span
from simulator.triggers.model import Event
from simulator.workflow.model import DispatchInput, Entries, RunDefaults, Trigger, Workflow

PATH = ".github/workflows/release.yml"
HERE = Span(file=PATH, line=1, column=1)


def at(line: int) -> Span:
    return Span(file=PATH, line=line, column=7)


def located(values: Sequence[str] | None, line: int) -> tuple[Located[str], ...] | None:
    """The values, one a line from `line`."""
    return None if values is None else tuple(Located(value, at(line + index)) for index, value in enumerate(values))


def push(**filters: Sequence[str]) -> Trigger:
    """A push trigger; the patterns of each filter begin at line 10."""
    return Trigger(event="push", span=at(2), **{name: located(values, 10) for name, values in filters.items()})  # type: ignore[arg-type]


def dispatch(*inputs: DispatchInput) -> Trigger:
    return Trigger(event="workflow_dispatch", span=at(3), inputs={each.name: each for each in inputs})


def declare(
    name: str,
    kind: Literal["string", "boolean", "number", "choice", "environment"] = "string",
    *,
    required: bool = False,
    default: str | bool | float | None = None,
    options: Sequence[str] = (),
) -> DispatchInput:
    return DispatchInput(
        name=name,
        type=kind,
        required=required,
        default=default,
        options=options,
        description="",
        span=at(4),
    )


def workflow(*triggers: Trigger) -> Workflow:
    return Workflow(
        path=PATH,
        name=None,
        triggers={trigger.event: trigger for trigger in triggers},
        permissions=None,
        env=Entries(),
        defaults=RunDefaults(),
        jobs={},
        span=HERE,
    )


def event(
    name: str = "push",
    *,
    tag: str | None = None,
    branch: str = "main",
    action: str | None = None,
    changed: Sequence[str] = (),
) -> Event:
    ref = f"refs/tags/{tag}" if tag else f"refs/heads/{branch}"
    return Event(name=name, ref=ref, sha="a" * 40, payload={}, action=action, changed=tuple(changed))

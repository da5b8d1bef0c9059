"""The inputs of a manual start: what a person gives as text, checked and typed as `workflow_dispatch` declares it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import assert_never

from simulator.errors import UsageError
from simulator.expressions.language import Value, to_number, to_text
from simulator.remedies import Act, remedy
from simulator.spelling import suggest
from simulator.workflow.model import DispatchInput


def type_inputs(
    declared: Mapping[str, DispatchInput], given: Mapping[str, str]
) -> tuple[dict[str, Value], dict[str, str]]:
    """The `inputs` context, and `github.event.inputs`, where every value is text.

    An input that is not given has its default, else what GitHub's form shows first: "" for text and environments,
    false, 0, the first option. Raises UsageError for an input that is not declared, a required one that is missing,
    and a value that its type does not take.
    """
    names = {name.casefold(): name for name in declared}
    for name in given:
        if name.casefold() not in names:
            raise UsageError(f"The workflow has no input {name}.", hint=suggest(name, declared))
    texts = {names[name.casefold()]: text for name, text in given.items()}
    values = {name: _value(each, texts.get(name)) for name, each in declared.items()}
    return values, {name: to_text(value) for name, value in values.items()}


def _value(declared: DispatchInput, given: str | None) -> Value:
    if given is None and declared.default is not None:
        given = to_text(declared.default)
    if declared.required and not given:
        raise UsageError(
            f"The input {declared.name} is required and not given.",
            hint="Give it a value.",
            remedies=(remedy(Act.GIVE_INPUT, declared.name),),
        )
    match declared.type:
        case "boolean":
            return _boolean(declared, given or "false")
        case "number":
            return _number(declared, given or "0")
        case "choice":
            return _choice(declared, given)
        case "string" | "environment":
            return given or ""
        case _:
            assert_never(declared.type)


def _boolean(declared: DispatchInput, given: str) -> bool:
    if given.lower() not in {"true", "false"}:
        raise UsageError(f"The input {declared.name} is a boolean, not {given!r}.", hint="Give true or false.")
    return given.lower() == "true"


def _number(declared: DispatchInput, given: str) -> float:
    number = to_number(given)
    if math.isnan(number):
        raise UsageError(f"The input {declared.name} is a number, not {given!r}.", hint="Give a number such as 3.")
    return number


def _choice(declared: DispatchInput, given: str | None) -> str:
    if given is None:
        return declared.options[0] if declared.options else ""
    if given not in declared.options:
        raise UsageError(
            f"{given!r} is not an option of the input {declared.name}.", hint=suggest(given, declared.options)
        )
    return given

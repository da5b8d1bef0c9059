"""Reads `on:`: the events of a workflow, their filters, inputs and schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from simulator.positions import Located
from simulator.workflow import facts, nodes
from simulator.workflow.model import CallOutput, CallSecret, DispatchInput, InputType, Text, Trigger
from simulator.workflow.reading import Fields, Reader, Shape, has_expression

_CALL_TYPES = ("string", "boolean", "number")
_DISPATCH_TYPES = ("string", "boolean", "number", "environment", "choice")
CALL_INPUT = Shape(("description", "type", "required", "default"), ("type",))
DISPATCH_INPUT = Shape(("description", "type", "required", "default", "options"))
SECRET = Shape(("description", "required"))
OUTPUT = Shape(("description", "value"), ("value",))
CRON = Shape(("cron", "timezone"), ("cron",))
_DEFAULT = "on.workflow_call.inputs.<input_id>.default"


def read_triggers(reader: Reader, node: nodes.Node | None) -> Mapping[str, Trigger]:
    """The events of `on:` by name, in the order of the file."""
    if isinstance(node, nodes.Mapping):
        pairs = reader.entries(node)
        found = [_trigger(reader, Located(name, entry.key.span), entry.value) for name, entry in pairs]
    else:
        names = reader.literals(node) if isinstance(node, nodes.Sequence) else (reader.literal(node),)
        found = [_trigger(reader, name, None) for name in names if name is not None]
    return {trigger.event: trigger for trigger in found if trigger is not None}


def _trigger(reader: Reader, event: Located[str], node: nodes.Node | None) -> Trigger | None:
    known = facts.events().get(event.value)
    if known is None:
        reader.unknown(event, tuple(facts.events()))
        return None
    if event.value == "schedule":
        return _schedule(reader, event, node)
    fields = _event_fields(reader, event, node, known)
    return Trigger(
        event=event.value,
        span=event.span,
        types=_types(reader, fields.get("types"), known),
        branches=_patterns(reader, fields, "branches"),
        branches_ignore=_patterns(reader, fields, "branches-ignore"),
        tags=_patterns(reader, fields, "tags"),
        tags_ignore=_patterns(reader, fields, "tags-ignore"),
        paths=_patterns(reader, fields, "paths"),
        paths_ignore=_patterns(reader, fields, "paths-ignore"),
        inputs=_inputs(reader, fields.get("inputs"), dispatch=event.value == "workflow_dispatch"),
        workflows=tuple(item.value for item in reader.literals(fields.get("workflows"))),
        names=_words(reader, fields, "names"),
        versions=_words(reader, fields, "versions"),
        secrets=_secrets(reader, fields.get("secrets")),
        outputs=_outputs(reader, fields.get("outputs")),
    )


def _event_fields(reader: Reader, event: Located[str], node: nodes.Node | None, known: facts.EventFacts) -> Fields:
    if node is None or (isinstance(node, nodes.Scalar) and node.value is None):
        return Fields()
    keys = (*(("types",) if known.has_types else ()), *known.keys)
    if not keys and isinstance(node, nodes.Mapping):
        reader.ignored(node.span, "unexpected-mapping", f"The event '{event.value}' takes no configuration")
        return Fields()
    return reader.fields(node, Shape(keys), of_event=event.value != "workflow_call")


def _types(reader: Reader, node: nodes.Node | None, known: facts.EventFacts) -> Sequence[str] | None:
    if node is None:
        return None
    types = reader.literals(node)
    for type_ in types:
        if known.types is not None and type_.value not in known.types:
            reader.unknown_type(type_, known.types)
    return tuple(type_.value for type_ in types)


def _patterns(reader: Reader, fields: Fields, key: str) -> Sequence[Located[str]] | None:
    return reader.literals(fields.get(key)) if key in fields else None


def _words(reader: Reader, fields: Fields, key: str) -> Sequence[str] | None:
    return tuple(item.value for item in reader.literals(fields.get(key))) if key in fields else None


# workflow_dispatch and workflow_call


def _inputs(reader: Reader, node: nodes.Node | None, *, dispatch: bool) -> Mapping[str, DispatchInput]:
    if isinstance(node, nodes.Scalar) and node.value is None and dispatch:
        return {}
    return {name: _input(reader, name, entry, dispatch=dispatch) for name, entry in reader.entries(node)}


def _input(reader: Reader, name: str, entry: nodes.Entry, *, dispatch: bool) -> DispatchInput:
    span = entry.key.span
    fields = _optional_fields(reader, entry.value, DISPATCH_INPUT if dispatch else CALL_INPUT, null=dispatch)
    kind = reader.choice(fields.get("type"), _DISPATCH_TYPES if dispatch else _CALL_TYPES) or "string"
    options = tuple(
        text.value for item in reader.sequence(fields.get("options")) if (text := reader.literal(item, filled=False))
    )
    if kind == "choice" and not options:
        reader.error(entry.value.span, "input-options", "Missing 'options' for choice input")
    elif kind != "choice" and "options" in fields:
        message = "Input type is not 'choice', but 'options' is defined"
        reader.error(fields.entries["options"].key.span, "input-options", message)
    return DispatchInput(
        name=name,
        type=cast("InputType", kind),
        required=reader.flag(fields.get("required")),
        default=_default(reader, fields.get("default"), kind, dispatch=dispatch),
        options=options,
        description=_description(reader, fields),
        span=span,
        computed=_computed(reader, fields.get("default")) if not dispatch else None,
    )


def _optional_fields(reader: Reader, node: nodes.Node, shape: Shape, *, null: bool) -> Fields:
    """The fields of a mapping, none where an empty value may stand for it."""
    if null and isinstance(node, nodes.Scalar) and node.value is None:
        return Fields()
    return reader.fields(node, shape)


def _default(reader: Reader, node: nodes.Node | None, kind: str, *, dispatch: bool) -> str | bool | float | None:
    at = None if dispatch else _DEFAULT
    scalar = reader.scalar(node)
    if scalar is None:
        return None
    text = reader.text(scalar, at)
    if text is None or has_expression(scalar):
        return None if text is None else text.source
    if kind in {"boolean", "number"}:
        wanted = bool if kind == "boolean" else (int, float)
        if not isinstance(scalar.value, wanted) or isinstance(scalar.value, bool) is (kind == "number"):
            reader.unexpected(scalar, hint=f"The default of a {kind} input is a {kind}, without quotes.")
        return scalar.value
    return text.source


def _computed(reader: Reader, node: nodes.Node | None) -> Text | None:
    """A default that holds an expression."""
    return reader.text(node, _DEFAULT) if isinstance(node, nodes.Scalar) and has_expression(node) else None


def _description(reader: Reader, fields: Fields) -> str:
    text = reader.literal(fields.get("description"), filled=False)
    return text.value if text else ""


def _secrets(reader: Reader, node: nodes.Node | None) -> Mapping[str, CallSecret]:
    secrets = {}
    for name, entry in reader.entries(node):
        fields = _optional_fields(reader, entry.value, SECRET, null=True)
        required = reader.flag(fields.get("required"))
        secrets[name] = CallSecret(required=required, description=_description(reader, fields))
    return secrets


def _outputs(reader: Reader, node: nodes.Node | None) -> Mapping[str, CallOutput]:
    outputs = {}
    for name, entry in reader.entries(node):
        fields = reader.fields(entry.value, OUTPUT)
        value = reader.text(fields.get("value"), "on.workflow_call.outputs.<output_id>.value")
        description = _description(reader, fields)
        if value is not None:
            outputs[name] = CallOutput(value=value, description=description)
    return outputs


# schedule

_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))


def _schedule(reader: Reader, event: Located[str], node: nodes.Node | None) -> Trigger:
    crons: list[Located[str]] = []
    timezones: list[Located[str] | None] = []
    if node is None or (isinstance(node, nodes.Scalar) and node.value is None):
        reader.error(event.span, "schedule", "A schedule needs a list of cron expressions", "- cron: '30 5 * * 1'")
        return Trigger(event=event.value, span=event.span)
    for item in reader.sequence(node):
        fields = reader.fields(item, CRON)
        timezone = reader.literal(fields.get("timezone"))
        cron = reader.literal(fields.get("cron"))
        if cron is not None:
            crons.append(cron)
            timezones.append(timezone)
            if not is_cron(cron.value):
                message = "Invalid cron expression. Expected format: '* * * * *' (minute hour day month weekday)"
                reader.error(cron.span, "cron", message)
    return Trigger(event=event.value, span=event.span, crons=tuple(crons), timezones=tuple(timezones))


def is_cron(text: str) -> bool:
    """Whether `text` is a cron expression as GitHub takes it: five fields of numbers, names, ranges, lists, steps."""
    fields = re.split(" +", text)
    return len(fields) == len(_CRON_FIELDS) and all(
        _is_cron_list(part, *field) for part, field in zip(fields, _CRON_FIELDS, strict=True)
    )


def _is_cron_list(text: str, name: str, least: int, most: int) -> bool:
    return all(_is_cron_step(part, name, least, most) for part in text.split(","))


def _is_cron_step(text: str, name: str, least: int, most: int) -> bool:
    start, slash, step = text.partition("/")
    if slash and not (step.isascii() and step.isdigit() and len(step) <= 2 and 0 < int(step) <= most):
        return False
    if start == "*":
        return True
    ends = [_cron_number(end, name, least, most) for end in start.split("-")]
    return len(ends) <= 2 and None not in ends and ends == sorted(cast("list[int]", ends))


def _cron_number(text: str, name: str, least: int, most: int) -> int | None:
    names = _NAMES.get(name, ())
    if text.lower() in names:
        return least + names.index(text.lower())
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else -1
    return number if least <= number <= most else None

"""Run events as JSON lines and back, without loss: the format of `events.jsonl` and of what programs read.

A line is an object with `type` (the event's name as `step-started`), `schemaVersion` and the event's fields in camel
case. Readers pass over fields and types that they do not know, so a record of a newer pysim can still be read.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import os
import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from simulator import run_events
from simulator.errors import UsageError
from simulator.run_events import SCHEMA_VERSION, RunEvent
from simulator.safe_files import open_folder, open_to_read


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


EVENT_TYPES: Final[Mapping[str, type[RunEvent]]] = {_kebab(kind.__name__): kind for kind in get_args(RunEvent)}
_NAMES: Final = {kind: name for name, kind in EVENT_TYPES.items()}


def encode(event: RunEvent) -> dict[str, object]:
    """An event as an object for JSON."""
    kind: Any = type(event)
    fields = {key: _plain(getattr(event, name)) for name, key in _keys(kind)}
    return {"type": _NAMES[kind], "schemaVersion": SCHEMA_VERSION, **fields}


@functools.cache
def _keys(kind: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a dataclass, and what they are called in JSON."""
    return tuple((field.name, _camel(field.name)) for field in dataclasses.fields(kind))


def dump(event: RunEvent) -> str:
    """An event as one line of ASCII, without line feed."""
    return json.dumps(encode(event))


def _plain(value: object) -> object:
    if type(value) in {str, int, float, bool, type(None)}:
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        kind: Any = type(value)
        return {key: _plain(getattr(value, name)) for name, key in _keys(kind)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def decode(data: Mapping[str, object]) -> RunEvent | None:
    """The event of an object that `encode` made; None for a type that this version does not know.

    Raises ValueError when a known type lacks a field or has one of another kind.
    """
    kind = EVENT_TYPES.get(str(data.get("type")))
    return None if kind is None else typing.cast("RunEvent", _dataclass(kind, data))


def load(line: str) -> RunEvent | None:
    """The event of a line that `dump` made; None for a type that this version does not know. Raises ValueError."""
    data: object = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for a line that is no event
    return decode(data)


def read_events(path: Path) -> Iterator[RunEvent]:
    """The events of a record, one by one.

    A last line without line feed (pysim was killed while writing) is passed over. Raises UsageError, also for a link.
    """
    try:
        with open_folder(path.parent.resolve()) as folder:
            handle = open_to_read(folder, path.name)
        with os.fdopen(handle, encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith("\n"):
                    return
                if line.strip() and (event := _load(path, number, line)) is not None:
                    yield event
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}: {error}", hint="Name the events.jsonl of a run.") from error


def _load(path: Path, number: int, line: str) -> RunEvent | None:
    try:
        return load(line)
    except (ValueError, RecursionError) as error:
        hint = "It is no record of a run, or it was changed."
        raise UsageError(f"{path}:{number}: not a run event: {error}", hint=hint) from error


@functools.cache
def _hints(kind: type) -> dict[str, object]:
    return typing.get_type_hints(kind, localns=vars(run_events))


def _dataclass(kind: type, data: Mapping[str, object]) -> object:
    hints = _hints(kind)
    given = {name: _typed(data[_camel(name)], hint, name) for name, hint in hints.items() if _camel(name) in data}
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _typed(value: object, hint: object, name: str) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _any_of(value, arguments, name)
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(item, arguments[0], name) for item in value)
    if isinstance(value, dict):
        if origin is Mapping:
            return {key: _typed(item, arguments[1], name) for key, item in value.items()}
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return _dataclass(hint, value)
    if isinstance(hint, type) and origin is None and not dataclasses.is_dataclass(hint):
        return _scalar(value, hint, name)
    raise ValueError(f"{name}: {value!r} is not a {hint}")


def _any_of(value: object, hints: tuple[object, ...], name: str) -> object:
    for hint in hints:
        try:
            return _typed(value, hint, name)
        except ValueError:
            continue
    raise ValueError(f"{name}: {value!r} is none of {', '.join(map(str, hints))}")


def _scalar(value: object, kind: type, name: str) -> object:
    if issubclass(kind, enum.Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{name}: {value!r} is not a {kind.__name__}")
    return value

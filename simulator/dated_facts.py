"""The facts about the outside that pysim ships in `resources/`, each file with its date, and those that renew them.

A file of the same name in the folder `facts` of the user's configuration goes before a shipped one that is no newer.
Knows no fact: a file is right when it is made like the shipped one.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from simulator.errors import UsageError
from simulator.paths import user_configuration
from simulator.spelling import suggest

NAMES: Final = (
    "actions",
    "contexts",
    "events",
    "hosted_programs",
    "outside",
    "permissions",
    "publishing",
    "refs",
    "runners",
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_HINT: Final = "Mend the file, or take it away: then the facts that pysim ships count."


@dataclass(frozen=True, kw_only=True, slots=True)
class FactFile:
    """Facts as they are used: their name, their day, and the user's file; that may be `ignored`, as an older one."""

    name: str
    retrieved: str
    own: Path | None
    ignored: bool = False


@functools.cache
def read_facts(name: str) -> Mapping[str, Any]:
    """The facts of a name. Raises UsageError for a file of the user's that is not made like the shipped one."""
    return _used(name)[0]


def fact_files() -> Iterator[FactFile]:
    """All files of facts, as they are used. Raises as `read_facts`."""
    for name in NAMES:
        facts, file = _used(name)
        own = _own_file(name)
        given = own if own.is_file() else None
        yield FactFile(name=name, retrieved=facts["retrieved"], own=given, ignored=given is not None and file is None)


def _used(name: str) -> tuple[Mapping[str, Any], Path | None]:
    """The facts, and the user's file that they are from."""
    text = files("simulator").joinpath("resources", f"{name}.json").read_text(encoding="utf-8")
    shipped = cast("Mapping[str, Any]", json.loads(text))
    file = _own_file(name)
    if not file.is_file():
        return shipped, None
    given = _read(file)
    _require_like(given, [shipped], file, ())
    return (given, file) if given["retrieved"] >= shipped["retrieved"] else (shipped, None)


def _own_file(name: str) -> Path:
    return user_configuration().parent / "facts" / f"{name}.json"


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}:{error.colno}: {error.msg}.", hint=_HINT) from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint=_HINT) from error


def _require_like(value: object, examples: Sequence[object], file: Path, where: tuple[str, ...]) -> None:
    """Raise UsageError for what is of another kind than all examples, or lacks a key that all have."""
    kinds = {_kind(each) for each in examples}
    if not kinds or (_kind(value) == "a date" and "a text" in kinds):
        return
    if _kind(value) not in kinds:
        place = f"`{'.'.join(where)}`" if where else "the whole"
        raise UsageError(f"{file}: {place} is {_kind(value)}, not {' or '.join(sorted(kinds))}.", hint=_HINT)
    if isinstance(value, Mapping):
        _require_keys(value, [each for each in examples if isinstance(each, Mapping)], file, where)
    elif isinstance(value, list):
        inner = [item for each in examples if isinstance(each, list) for item in each]
        for number, item in enumerate(value):
            _require_like(item, inner, file, (*where, str(number)))


def _require_keys(
    value: Mapping[str, object], examples: Sequence[Mapping[str, object]], file: Path, where: tuple[str, ...]
) -> None:
    always = set.intersection(*(set(each) for each in examples)) if examples else set()
    if not where or len(examples) > 1:
        for key in sorted(always - value.keys()):
            raise UsageError(f"{file}: `{'.'.join((*where, key))}` is missing.", hint=_HINT)
    if not where and (unknown := sorted(value.keys() - always)):
        raise UsageError(f"{file}: `{unknown[0]}` is no key of it. {suggest(unknown[0], always)}", hint=_HINT)
    dated = bool(examples) and all(map(_DATE.fullmatch, (key for each in examples for key in each)))
    for key, inner in value.items():
        if dated and _kind(key) != "a date":
            raise UsageError(f"{file}: `{'.'.join((*where, key))}` is no date, such as 2026-01-31.", hint=_HINT)
        same = [each[key] for each in examples if key in each]
        all_ = [item for each in examples for item in each.values()]
        is_field = key in always and (not where or len(examples) > 1)
        _require_like(inner, same if is_field else all_, file, (*where, key))


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "a date" if _is_date(value) else "a text"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "a number" if isinstance(value, int | float) else "a value"


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
